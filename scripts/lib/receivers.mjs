// The receivers of OpenTelemetry's data that the tests send to. There are no packages of them everywhere, so Go builds them.
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { root, run } from "./run.mjs";

/** What each is built from. */
const SOURCES = "tests/receivers";
/** Outside the clone, so that a fresh one needs not build them again. */
const CACHE = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "hivewatch-tests");
/** Where the tests find them. */
const LINKS = path.join(root, ".cache/receivers");

/** Without what only a debugger needs. */
const BUILD = ["build", "-ldflags", "-s -w"];

/**
 * The arguments of Go, and where the program then is: in the copy of its folder in which Go runs.
 *
 * @typedef {{ go: string[], program: string }} Recipe
 */

/** @type {Record<string, Recipe>} */
const RECIPES = {
  collector: {
    go: ["run", "go.opentelemetry.io/collector/cmd/builder@v0.161.0", "--config", "builder.yaml"],
    program: "built/collector",
  },
  // It takes its targets from its configuration: what finds them in clouds would double the time of its building.
  prometheus: {
    go: [
      ...BUILD,
      ...["-tags", "remove_all_sd", "-o", "prometheus", "github.com/prometheus/prometheus/cmd/prometheus"],
    ],
    program: "prometheus",
  },
  jaeger: {
    go: [...BUILD, "-o", "jaeger", "github.com/jaegertracing/jaeger/cmd/all-in-one"],
    program: "jaeger",
  },
};

/**
 * Finds a receiver, or builds it, which takes minutes of both cores. It gives way to whatever else runs.
 *
 * @param {"collector" | "prometheus" | "jaeger"} name
 * @returns {Promise<{ executable: string } | { missing: string }>}
 */
export async function findReceiver(name) {
  const recipe = RECIPES[name];
  const executable = path.join(CACHE, `${name}-${hashOf(name, recipe)}`);
  if (!existsSync(executable)) {
    const failure = await build(name, recipe, executable);
    if (failure) return { missing: failure };
  }
  link(name, executable);
  return { executable };
}

/**
 * @param {string} name
 * @param {Recipe} recipe
 */
function hashOf(name, recipe) {
  const folder = path.join(root, SOURCES, name);
  const hash = createHash("sha256").update(JSON.stringify([recipe, process.platform, process.arch]));
  for (const file of readdirSync(folder).sort()) hash.update(file).update(readFileSync(path.join(folder, file)));
  return hash.digest("hex").slice(0, 16);
}

/**
 * @param {string} name
 * @param {Recipe} recipe
 * @param {string} executable where it is to be; it is there whole or not at all
 * @returns {Promise<string | undefined>} why it could not be built, if so
 */
async function build(name, { go, program }, executable) {
  if (!(await run("go", ["version"])).ok) return "there is no Go on PATH, which builds it; install Go 1.25 or newer";
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(path.join(CACHE, "building-"));
  try {
    cpSync(path.join(root, SOURCES, name), folder, { recursive: true });
    const [command, args] = process.platform === "win32" ? ["go", go] : ["nice", ["-n", "19", "go", ...go]];
    const { ok, output } = await run(command, args, { cwd: folder, env: { GOWORK: "off" } });
    if (!ok) return `Go could not build it:\n${output}`;
    renameSync(path.join(folder, program), executable);
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} name
 * @param {string} executable
 */
function link(name, executable) {
  mkdirSync(LINKS, { recursive: true });
  const place = path.join(LINKS, name);
  rmSync(place, { force: true });
  symlinkSync(executable, place);
}
