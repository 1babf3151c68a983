import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { HiveWatchError, isRunId } from "@hivewatch/core";
import { loadConfig } from "./load-config.ts";

/** Where an emitter is, found and not loaded: what is in it runs in a thread of its own. */
export interface EmitterModule {
  /** How the user has called it. */
  readonly source: string;
  /** The name of its cursors. */
  readonly reader: string;
  readonly url: string;
  /** Which of a configuration's emitters it is; undefined: the module is the emitter. */
  readonly index: number | undefined;
}

/** The destinations that have a package of ours. */
const OURS: ReadonlySet<string> = new Set(["mlflow", "wandb", "otel"]);
/** Those of them that nobody can install yet. */
const TO_COME: ReadonlySet<string> = new Set(["@hivewatch/emitter-wandb"]);

/**
 * Finds the emitters that were asked for: by `--emit`, and by the configuration in the folder.
 *
 * @param names - of our own destinations, of packages, or paths of modules
 * @throws HiveWatchError `usage`: what to install, or what is wrong
 */
export async function findEmitters(names: readonly string[], folder: string): Promise<EmitterModule[]> {
  const emitters = [...names.map((name) => findEmitter(name, folder)), ...(await configured(folder))];
  const byReader = new Map<string, EmitterModule>();
  for (const emitter of emitters) {
    const other = byReader.get(emitter.reader);
    if (other !== undefined) {
      const message = `two emitters are named ${emitter.reader}: ${other.source} and ${emitter.source}. Rename one, since how far each has come is kept under that name`;
      throw new HiveWatchError("usage", message);
    }
    byReader.set(emitter.reader, emitter);
  }
  return emitters;
}

/**
 * Finds one emitter: of the configuration in the folder, if one of that name stands there, or as `--emit` does.
 *
 * @throws HiveWatchError `usage`
 */
export async function findOneEmitter(name: string, folder: string): Promise<EmitterModule> {
  const inConfiguration = (await configured(folder)).find(({ source, reader }) => name === source || name === reader);
  return inConfiguration ?? findEmitter(name, folder);
}

async function configured(folder: string): Promise<EmitterModule[]> {
  const config = await loadConfig(folder);
  if (config === undefined) return [];
  const { path, emitters } = config;
  return emitters.map((entry, index) => {
    if (typeof entry === "string") return findEmitter(entry, folder);
    const source = `emitters[${index}] of ${path}`;
    return { source, reader: checkReader(nameOf(entry), source), url: pathToFileURL(path).href, index };
  });
}

/** An emitter has a name, and so has a function that is more than an expression. */
function nameOf(entry: unknown): unknown {
  const isNamed = typeof entry === "function" || (typeof entry === "object" && entry !== null && "name" in entry);
  return isNamed ? entry.name : undefined;
}

function findEmitter(name: string, folder: string): EmitterModule {
  if (isPath(name)) {
    const path = resolve(folder, name);
    if (!existsSync(path)) throw new HiveWatchError("usage", `there is no emitter at ${path}`);
    const reader = checkReader(basename(path, extname(path)), name);
    return { source: name, reader, url: pathToFileURL(path).href, index: undefined };
  }
  const packageName = OURS.has(name) ? `@hivewatch/emitter-${name}` : name;
  const reader = checkReader(name.replace(/^@/, "").replaceAll("/", "-"), name);
  return { source: name, reader, url: resolvePackage(name, packageName, folder), index: undefined };
}

function isPath(name: string): boolean {
  return /^[./\\]|^[A-Za-z]:[/\\]|\.[cm]?[jt]s$/.test(name);
}

function checkReader(name: unknown, source: string): string {
  if (isRunId(name)) return name;
  const message = `${source} needs a name that a file may have: how far it has come is kept under its name`;
  throw new HiveWatchError("usage", message);
}

/**
 * Finds a package as the user's own programs would, or as this command does.
 *
 * @returns the URL of its module
 * @throws HiveWatchError `usage`: what to install, or that there is nothing to install
 */
export function resolvePackage(name: string, packageName: string, folder: string): string {
  try {
    return pathToFileURL(createRequire(join(folder, "any.js")).resolve(packageName)).href;
  } catch {
    // It may be installed beside this command.
  }
  try {
    return import.meta.resolve(packageName);
  } catch {
    const what = TO_COME.has(packageName)
      ? "does not exist yet. Runs are kept, and hivewatch replay sends them there once it does"
      : `is not installed: npm install ${packageName}`;
    throw new HiveWatchError("usage", `the emitter ${name} ${what}`);
  }
}
