// The emitter for OpenTelemetry as npm installs it for a user, once with each line of the SDK that lives.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { root, run } from "./run.mjs";

/** The packages of ours that it takes. */
const OURS = ["core", "emitter-otel"];

/**
 * @typedef {object} SdkLine
 * @property {string} line
 * @property {string} [node] the version of Node; by default the one that runs this
 * @property {string[]} packages as docs/emitters/otel.md says to install them
 */

/** @type {SdkLine[]} */
export const SDK_LINES = [
  { line: "2", packages: ["@opentelemetry/api@1.9", "@opentelemetry/sdk-node@0.223"] },
  { line: "3", node: "24.21.0", packages: ["@opentelemetry/api@1.10", "@opentelemetry/sdk-node@0.301"] },
];

/**
 * Installs the emitter as it is in this checkout, built, into a folder of its own, where `node` is the Node to run it with.
 *
 * @param {SdkLine} line
 * @param {string} executable the Node
 * @returns {Promise<{ folder: string } | { failure: string }>}
 */
export async function installSdkLine({ line, packages }, executable) {
  const folder = path.join(root, ".cache/sdk-lines", line);
  const stamp = path.join(folder, "made-from");
  const archives = [];
  mkdirSync(path.join(root, ".cache/sdk-lines"), { recursive: true });
  for (const name of OURS) {
    const archive = path.join(root, ".cache/sdk-lines", `${line}-${name}.tgz`);
    const packed = await run("pnpm", ["pack", "--dir", path.join(root, "packages", name), "--out", archive]);
    if (!packed.ok) return { failure: packed.output };
    archives.push(archive);
  }
  const hash = createHash("sha256").update(JSON.stringify([executable, packages, folder]));
  for (const archive of archives) hash.update(readFileSync(archive));
  const madeFrom = hash.digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === madeFrom) return { folder };

  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "package.json"), JSON.stringify({ private: true }));
  const args = ["install", "--no-audit", "--no-fund", "--prefer-offline", ...archives, ...packages];
  // npm runs on the Node that comes first on PATH.
  const env = { PATH: [path.dirname(executable), process.env.PATH].join(path.delimiter) };
  const { ok, output } = await run("npm", args, { cwd: folder, env });
  if (!ok) return { failure: output };
  symlinkSync(executable, path.join(folder, "node"));
  writeFileSync(stamp, madeFrom);
  return { folder };
}
