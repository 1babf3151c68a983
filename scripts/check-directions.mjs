// Which package may import which, in one place: the table of docs/architecture.md as data.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { root } from "./lib/run.mjs";

const CORE = "@hivewatch/core";
const RUNS = "@hivewatch/runs";
const TEST_SUPPORT = "@hivewatch/test-support";
const ANYTHING = null;

/** What the source of a package may import of the other packages. A new package gets its line here. */
const MAY_IMPORT = {
  [CORE]: [],
  [RUNS]: [CORE],
  "@hivewatch/geo": [CORE],
  "@hivewatch/bridge": [CORE, RUNS, "@hivewatch/geo"],
  "@hivewatch/emitter-wandb": [CORE],
  "@hivewatch/emitter-mlflow": [CORE],
  "@hivewatch/emitter-otel": [CORE],
  "@hivewatch/emitter-sse": [CORE, RUNS],
  "@hivewatch/map-server": [CORE, RUNS],
  "@hivewatch/adapter-florist": [CORE],
  "@hivewatch/log-nats": [CORE, RUNS],
  "@hivewatch/store-s3": [CORE, RUNS],
  "@hivewatch/testkit": [CORE],
  [TEST_SUPPORT]: [],
  "@hivewatch/map": [CORE],
  hivewatch: ANYTHING,
};

/** What a package may further need to be built or tested. (core can't use the testkit: that would be a circle.) */
const MAY_ALSO_NEED_IN_DEVELOPMENT = {
  "@hivewatch/map-server": ["@hivewatch/map"],
};

/**
 * @param {import("./lib/workspace.mjs").WorkspacePackage[]} packages
 * @returns {string[]} what is wrong, a line each
 */
export function checkDirections(packages) {
  const byName = new Map(packages.map((each) => [each.name, each]));
  return packages
    .filter(({ folder }) => folder.startsWith("packages/") || folder.startsWith("apps/"))
    .flatMap((each) => checkPackage(each, byName));
}

function checkPackage({ name, folder, manifest }, byName) {
  const problems = [];
  const allowed = MAY_IMPORT[name];
  if (allowed === undefined) {
    return [`${folder}: ${name} has no line in scripts/check-directions.mjs; say there what it may import`];
  }
  const mayImport = (other) => allowed === ANYTHING || allowed.includes(other);
  const mayNeed = (other) =>
    mayImport(other) ||
    other === TEST_SUPPORT ||
    (MAY_ALSO_NEED_IN_DEVELOPMENT[name] ?? []).includes(other) ||
    (other === "@hivewatch/testkit" && name !== CORE);

  const installed = { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies };
  for (const other of Object.keys(installed)) {
    if (name === CORE) problems.push(`${folder}/package.json: core has no dependency, but ${other} stands there`);
    else if (byName.has(other) && !mayImport(other))
      problems.push(`${folder}/package.json: ${name} may not depend on ${other}`);
  }
  for (const other of Object.keys(manifest.devDependencies ?? {})) {
    if (byName.has(other) && !mayNeed(other))
      problems.push(`${folder}/package.json: ${name} may not need ${other}, not even in development`);
  }

  for (const { file, specifier } of importsOf(folder)) {
    const at = `${file}: "${specifier}"`;
    if (specifier.startsWith(".")) {
      const target = path.posix.join(path.posix.dirname(file), specifier);
      if (!target.startsWith(`${folder}/`)) problems.push(`${at} leaves its package; import the other one by its name`);
      continue;
    }
    const imported = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
    if (name === CORE) {
      problems.push(`${at}: core imports nothing, so that it runs in a browser as it does in Node`);
    } else if (byName.has(imported)) {
      if (!mayImport(imported)) problems.push(`${at}: ${name} may not import ${imported}`);
      const subpath = `.${specifier.slice(imported.length)}`;
      const exported = Object.keys(byName.get(imported).manifest.exports ?? {});
      if (!exported.some((pattern) => matches(subpath, pattern))) {
        problems.push(`${at} reaches into ${imported}; import what its package.json exports`);
      }
    }
    const isNode = specifier.startsWith("node:");
    if (!manifest.private && !isNode && imported !== name && !Object.hasOwn(installed, imported)) {
      problems.push(`${at}: ${imported} is not among the dependencies of ${folder}/package.json`);
    }
  }
  return problems;
}

/**
 * @param {string} subpath such as `./gen/batch.ts`
 * @param {string} pattern a key of `exports`, such as `./gen/*.ts`
 */
function matches(subpath, pattern) {
  const [before, after] = pattern.split("*");
  if (after === undefined) return subpath === pattern;
  return subpath.length > pattern.length && subpath.startsWith(before) && subpath.endsWith(after);
}

function* importsOf(folder) {
  const source = path.join(root, folder, "src");
  if (!existsSync(source)) return;
  for (const entry of readdirSync(source, { recursive: true })) {
    if (!/\.tsx?$/.test(entry)) continue;
    const file = path.posix.join(folder, "src", entry.replaceAll(path.sep, "/"));
    const code = readFileSync(path.join(root, file), "utf8").replace(/^\s*(\*|\/\/|\/\*).*$/gm, "");
    for (const [, specifier] of code.matchAll(/\b(?:from|import)\s*\(?\s*["']([\w@./:#-]+)["']/g)) {
      yield { file, specifier };
    }
  }
}
