import { readFileSync } from "node:fs";
import path from "node:path";
import { root, run } from "./run.mjs";

/**
 * @typedef {object} WorkspacePackage
 * @property {string} name
 * @property {string} folder relative to the repository, with forward slashes: `packages/core`
 * @property {Record<string, any>} manifest its package.json
 */

/** @returns {Promise<WorkspacePackage[]>} every package of the monorepo but its root */
export async function workspacePackages() {
  const { ok, output, stdout } = await run("pnpm", ["list", "--recursive", "--depth=-1", "--json"]);
  if (!ok) throw new Error(`pnpm could not list the packages:\n${output}`);
  return JSON.parse(stdout)
    .filter((entry) => entry.path !== root)
    .map((entry) => ({
      name: entry.name,
      folder: path.relative(root, entry.path).replaceAll(path.sep, "/"),
      manifest: JSON.parse(readFileSync(path.join(entry.path, "package.json"), "utf8")),
    }));
}
