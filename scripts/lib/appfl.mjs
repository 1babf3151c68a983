// APPFL for the long form of its adapter's tests. It needs PyTorch, of which PyPI has builds with CUDA only, and these
// and all that APPFL requires are several gigabytes; so it gets Debian's PyTorch and what it really imports.
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { run } from "./run.mjs";
import { installDebian, makePythonEnvironment } from "./set-up.mjs";

export const APPFL = "appfl";
/** Of Debian's PyTorch. */
export const APPFL_PYTHON = "3.11";

const DEBIAN = "/usr/lib/python3/dist-packages";
const FILES = ["python/requirements-test.txt", "python/requirements-appfl.txt"];
/** Installed without what they require. The opacus is the newest that knows Debian's PyTorch. */
const ALONE = ["appfl==1.12.0", "opacus==1.4.0"];

/**
 * Makes the environment.
 *
 * @param {import("./set-up.mjs").Interpreter | undefined} interpreter
 * @returns {Promise<{ python: string } | { failure: string }>}
 */
export async function makeAppflEnvironment(interpreter) {
  if (interpreter === undefined) return { failure: `there is no Python ${APPFL_PYTHON} on PATH or in pyenv` };
  if (!existsSync(path.join(DEBIAN, "torch"))) {
    const failure = await installDebian(["python3-torch"]);
    if (failure) return { failure };
  }
  const made = await makePythonEnvironment({ name: APPFL, interpreter, files: FILES, alone: ALONE, withOurs: true });
  return "failure" in made ? made : complete(made);
}

/** @param {{ python: string }} made */
async function complete({ python }) {
  const { stdout } = await run(python, ["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]);
  const packages = stdout.trim();
  // Read last of all .pth files, so that Debian's packages come after those that were installed here.
  writeFileSync(path.join(packages, "zz-debian.pth"), `${DEBIAN}\n`);
  // APPFL imports it for a report that no test asks for, and it wants torchvision.
  writeFileSync(path.join(packages, "piq.py"), "");
  const { ok, output } = await run(python, ["-c", "import appfl.agent, appfl.comm.grpc"]);
  return ok ? { python } : { failure: output };
}
