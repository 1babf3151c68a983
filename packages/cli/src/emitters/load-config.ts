import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { errorMessage, HiveWatchError } from "@hivewatch/core";

/** What a folder's `hivewatch.config.*` says. */
export interface Config {
  readonly path: string;
  /** Each the name, package or path of an emitter, an emitter, or a function that makes one for each run. */
  readonly emitters: readonly unknown[];
}

const NAMES = ["ts", "mjs", "js", "json"].map((ending) => `hivewatch.config.${ending}`);

/**
 * Reads the configuration of a folder.
 *
 * @returns undefined if there is none
 * @throws HiveWatchError `usage`
 */
export async function loadConfig(folder: string): Promise<Config | undefined> {
  const [path, other] = NAMES.map((name) => join(folder, name)).filter((candidate) => existsSync(candidate));
  if (path === undefined) return undefined;
  if (other !== undefined)
    throw new HiveWatchError("usage", `there is more than one configuration: ${path} and ${other}`);
  const value = await load(path);
  if (typeof value !== "object" || value === null) throw new HiveWatchError("usage", `${path} must hold an object`);
  const emitters = "emitters" in value ? value.emitters : [];
  if (!Array.isArray(emitters)) throw new HiveWatchError("usage", `emitters in ${path} must be a list`);
  return { path, emitters };
}

async function load(path: string): Promise<unknown> {
  try {
    if (path.endsWith(".json")) return JSON.parse(await readFile(path, "utf8"));
    const loaded = await import(pathToFileURL(path).href);
    return loaded.default;
  } catch (cause) {
    const hint = isUnknownEnding(cause)
      ? `this Node (${process.version}) can't read TypeScript: use Node 22.18 or newer, or a .mjs file`
      : errorMessage(cause);
    throw new HiveWatchError("usage", `${path} can't be read: ${hint}`, { cause });
  }
}

function isUnknownEnding(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_UNKNOWN_FILE_EXTENSION";
}
