// Checks of the repository's own rules that no linter knows.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { root, run } from "./lib/run.mjs";

/**
 * Two packages must not disagree on a version: what is from elsewhere says "catalog:", what is ours "workspace:".
 *
 * @param {import("./lib/workspace.mjs").WorkspacePackage[]} packages
 * @returns {string[]} what is wrong, a line each
 */
export function checkCatalog(packages) {
  const ours = new Set(packages.map(({ name }) => name));
  const rootManifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  return [{ folder: ".", manifest: rootManifest }, ...packages].flatMap(({ folder, manifest }) =>
    // A peer dependency is missing here: it states what a user's program may bring, which is a range.
    Object.entries({ ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies })
      .filter(([name, range]) => (ours.has(name) ? !range.startsWith("workspace:") : !range.startsWith("catalog:")))
      .map(([name, range]) => {
        const wanted = ours.has(name) ? '"workspace:^"' : '"catalog:", and a version in pnpm-workspace.yaml';
        return `${path.posix.join(folder, "package.json")}: "${name}": "${range}" should be ${wanted}`;
      }),
  );
}

const ONE_MACHINES_OWN = [
  [
    /\bhttps?:\/\/[^\s/"'`]*\b(?:registry|artifactory|nexus|verdaccio|pythonhosted|proxy)\b/i,
    "a package registry's host",
  ],
  [/\bhttps?:\/\/[\w.-]+\.(?:internal|local|lan|corp)\b/i, "a private host"],
  [/\b(?:registry|index-url|find-links|GOPROXY)\s*[=:]\s*["']?https?:/i, "a package registry's address"],
  [/(?<![\w.$})~-])\/(?:root|work|home\/\w+|Users\/\w+)\//, "a path of one machine"],
];

/**
 * What only one machine has (its registry, its folders) stands in no file.
 *
 * @returns {string[]} what is wrong, a line each
 */
export function checkForeignPlaces() {
  return git("ls-files", "--cached", "--others", "--exclude-standard").flatMap((file) => {
    const full = path.join(root, file);
    if (!existsSync(full) || !statSync(full).isFile()) return [];
    const text = readFileSync(full, "utf8");
    if (text.includes("\0")) return []; // not text
    return text
      .split("\n")
      .flatMap((line, index) =>
        ONE_MACHINES_OWN.filter(([pattern]) => pattern.test(line)).map(
          ([pattern, what]) => `${file}:${index + 1}: ${what}: ${line.match(pattern)?.[0]}`,
        ),
      );
  });
}

/** @param {...string} args */
function git(...args) {
  return execFileSync("git", [...args, "-z"], { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 })
    .split("\0")
    .filter(Boolean);
}

/**
 * Generates the code anew, into a copy, and compares.
 *
 * @param {import("./lib/workspace.mjs").WorkspacePackage[]} packages
 * @returns {Promise<string[]>} what is wrong, a line each
 */
export async function checkGenerated(packages) {
  const copy = mkdtempSync(path.join(os.tmpdir(), "hivewatch-generate-"));
  try {
    cpSync(path.join(root, "proto"), path.join(copy, "proto"), { recursive: true });
    cpSync(path.join(root, "buf.yaml"), path.join(copy, "buf.yaml"));
    const problems = [];
    for (const { folder, manifest } of packages.filter((each) => each.manifest.scripts?.generate)) {
      const from = path.join(root, folder);
      const to = path.join(copy, folder);
      for (const file of readdirSync(from, { withFileTypes: true })) {
        if (file.isFile()) cpSync(path.join(from, file.name), path.join(to, file.name));
      }
      symlinkSync(path.join(from, "node_modules"), path.join(to, "node_modules"));
      const { ok, output } = await run("sh", ["-c", manifest.scripts.generate], {
        cwd: to,
        env: { PATH: [path.join(from, "node_modules/.bin"), process.env.PATH].join(path.delimiter) },
      });
      if (!ok) problems.push(`${folder}: generating failed:\n${output}`);
      else if (contents(path.join(from, "src/gen")) !== contents(path.join(to, "src/gen"))) {
        problems.push(`${folder}/src/gen is not what proto/ says; run \`pnpm generate\` and commit the result`);
      }
    }
    return problems;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** @param {string} folder */
function contents(folder) {
  if (!existsSync(folder)) return "";
  return readdirSync(folder, { recursive: true })
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file).isFile())
    .map((file) => `${path.relative(folder, file)}\n${readFileSync(file, "utf8")}`)
    .sort()
    .join("\n");
}
