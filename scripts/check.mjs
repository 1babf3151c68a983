// `pnpm check [name…]`: everything that is checked without running a test; with names, only those.
import "./lib/node-version.mjs";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { checkDirections } from "./check-directions.mjs";
import { checkFirstLoad } from "./check-first-load.mjs";
import { checkCatalog, checkForeignPlaces, checkGenerated } from "./check-repository.mjs";
import { run, secondsSince, twoAtATime } from "./lib/run.mjs";
import { workspacePackages } from "./lib/workspace.mjs";

/**
 * Runs the checks, and prints a line for each and what the failed ones said.
 *
 * @param {string[]} [only] names of checks; all of them by default
 * @returns {Promise<{ passed: number, failed: string[] }>}
 */
export async function runChecks(only = []) {
  const packages = await workspacePackages();
  const published = packages.filter(({ manifest }) => !manifest.private);

  const checks = {
    build: () => pnpm("build", "--output-logs=errors-only"),
    types: () => pnpm("exec", "tsc", "--noEmit", "-p", "."),
    "types of the viewer": () => pnpm("exec", "tsc", "--noEmit", "-p", "apps/map"),
    biome: () => pnpm("exec", "biome", "check", "--error-on-warnings"),
    knip: () => pnpm("exec", "knip", "--no-progress"),
    directions: () => listed(checkDirections(packages)),
    catalog: () => listed(checkCatalog(packages)),
    "foreign places": () => listed(checkForeignPlaces()),
    "size of the viewer": () => listed(checkFirstLoad()),
    proto: () => pnpm("exec", "buf", "lint"),
    "generated code": async () => listed(await checkGenerated(packages)),
    ...Object.fromEntries(published.map((each) => [`${each.name} as published`, () => checkPublished(each)])),
  };
  const unknown = only.filter((name) => !Object.hasOwn(checks, name));
  if (unknown.length > 0) {
    console.error(`No such check: ${unknown.join(", ")}. There are: ${Object.keys(checks).join(", ")}.`);
    process.exit(2);
  }

  const chosen = Object.entries(checks).filter(([name]) => only.length === 0 || only.includes(name));
  const tasks = chosen.map(
    ([name, check]) =>
      () =>
        report(name, check),
  );
  // The build comes alone, before the others: some of them look at what it makes.
  const build = chosen[0]?.[0] === "build" ? [await tasks.shift()()] : [];
  const results = [...build, ...(await twoAtATime(tasks))];
  const failed = chosen.filter((_, index) => !results[index]).map(([name]) => `Check: ${name}`);
  return { passed: results.length - failed.length, failed };
}

/**
 * @param {string} name
 * @param {() => Promise<{ ok: boolean, output: string }> | { ok: boolean, output: string }} check
 */
async function report(name, check) {
  const start = performance.now();
  const { ok, output } = await Promise.resolve()
    .then(check)
    .catch((error) => ({ ok: false, output: String(error) }));
  console.log(`${ok ? "✓" : "✗"} ${name} (${secondsSince(start)})`);
  if (!ok) console.log(output.trim().replace(/^/gm, "    "));
  return ok;
}

/** @param {...string} args */
function pnpm(...args) {
  return run("pnpm", args);
}

/** @param {string[]} problems */
function listed(problems) {
  return { ok: problems.length === 0, output: problems.join("\n") };
}

/**
 * Packs a package as publishing does, and looks at the result with publint and "are the types wrong?".
 *
 * @param {import("./lib/workspace.mjs").WorkspacePackage} each
 */
async function checkPublished({ folder, manifest }) {
  const packed = mkdtempSync(path.join(os.tmpdir(), "hivewatch-pack-"));
  const tarball = path.join(packed, "package.tgz");
  const steps = [
    ["pack", "--dir", folder, "--out", tarball],
    ["exec", "publint", "run", "--strict", tarball],
  ];
  // A package without exports is only a command, and has no types.
  if (manifest.exports) steps.push(["exec", "attw", "--profile", "esm-only", "--no-emoji", tarball]);
  try {
    for (const step of steps) {
      const result = await pnpm(...step);
      if (!result.ok) return result;
    }
    return { ok: true, output: "" };
  } finally {
    rmSync(packed, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { failed } = await runChecks(process.argv.slice(2));
  process.exitCode = failed.length === 0 ? 0 : 1;
}
