import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const DATA = fileURLToPath(new URL("../../.data/", import.meta.url));
const RUNS = fileURLToPath(new URL("../../../packages/runs/dist/", import.meta.url));

/**
 * A folder that takes long to make and is kept between runs, until the code that writes logs has changed.
 *
 * @param make - fills the empty folder that it is given
 */
export async function prepared(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const kept = `${name}-${hashOfRuns()}`;
  const folder = join(DATA, kept);
  if (existsSync(folder)) return folder;
  mkdirSync(DATA, { recursive: true });
  for (const other of readdirSync(DATA)) {
    if (other.startsWith(`${name}-`)) rmSync(join(DATA, other), { recursive: true, force: true });
  }
  const unfinished = `${folder}.unfinished`;
  mkdirSync(unfinished);
  await make(unfinished);
  renameSync(unfinished, folder);
  return folder;
}

function hashOfRuns(): string {
  const hash = createHash("sha256");
  for (const entry of readdirSync(RUNS, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && entry.name.endsWith(".js")) hash.update(readFileSync(join(entry.parentPath, entry.name)));
  }
  return hash.digest("hex").slice(0, 12);
}
