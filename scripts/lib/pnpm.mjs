import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { root, run } from "./run.mjs";

/**
 * Makes `pnpm` on this process's PATH the version that package.json names, and installs the packages.
 * A missing pnpm goes into `.cache/`, and nothing is installed globally. PATH is changed, and not just a command line,
 * because turbo looks for pnpm there too.
 *
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
export async function installPackages() {
  const { packageManager } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  const version = packageManager.split("@")[1];
  if ((await run("pnpm", ["--version"])).stdout.trim() !== version) {
    const folder = path.join(root, ".cache", packageManager);
    const bin = path.join(folder, "node_modules", ".bin");
    if (!existsSync(path.join(bin, "pnpm"))) {
      const installed = await run("npm", ["install", "--prefix", folder, "--no-audit", "--no-fund", packageManager]);
      if (!installed.ok) {
        return { ok: false, output: `${installed.output}\nInstall ${packageManager} yourself and try again.` };
      }
    }
    process.env.PATH = bin + path.delimiter + process.env.PATH;
  }
  // CI: so that pnpm replaces a node_modules that it can't use, instead of asking.
  return run("pnpm", ["install", "--frozen-lockfile"], { env: { CI: "true" } });
}
