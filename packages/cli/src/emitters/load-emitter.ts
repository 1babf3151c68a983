import type { Emitter } from "@hivewatch/core";
import { errorMessage, HiveWatchError } from "@hivewatch/core";
import type { EmitterModule } from "./find-emitters.ts";

/** What a function that makes the emitter of a run is given. */
export interface EmitterContext {
  readonly runId: string;
  /** Tells the user something. */
  say(message: string): void;
}

/** What a module exports to have runs emitted. */
export interface LoadedEmitter {
  /** The emitter of one run. */
  ofRun(context: EmitterContext): Emitter | Promise<Emitter>;
  /** Closes the one that all runs share, if they do. */
  finish(): Promise<void>;
}

/**
 * Loads an emitter: the default export of its module, or an entry of a configuration's `emitters`. A function makes one
 * for each run, an object is the one of all runs.
 *
 * @throws HiveWatchError `usage` if it isn't one
 */
export async function loadEmitter({ source, url, index }: EmitterModule): Promise<LoadedEmitter> {
  const value = exported(await load(source, url), index);
  if (typeof value === "function") {
    return {
      async ofRun(context) {
        const made: unknown = await value(context);
        if (isEmitter(made)) return made;
        throw new HiveWatchError("usage", `what ${source} makes is no emitter: it needs a name and hooks, or write()`);
      },
      finish: async () => {},
    };
  }
  if (!isEmitter(value)) {
    const wanted = index === undefined ? "its default export" : `entry ${index} of its emitters`;
    const message = `${source} is no emitter: ${wanted} must be an emitter, or a function that makes one`;
    throw new HiveWatchError("usage", message);
  }
  return { ofRun: ({ runId }) => ofOneRun(value, runId), finish: async () => value.finish?.() };
}

/** Makes an emitter from its options, such as those that a run has declared. */
export type EmitterFactory = (options: Readonly<Record<string, unknown>>) => Promise<Emitter>;

/**
 * Loads a package's factory of emitters.
 *
 * @param name - that of the export
 * @throws HiveWatchError `usage` if there is none
 */
export async function loadFactory(source: string, url: string, name: string): Promise<EmitterFactory> {
  const make = field(await load(source, url), name);
  if (typeof make !== "function") {
    throw new HiveWatchError("usage", `the emitter ${source} has no ${name}: install its newest version`);
  }
  return async (options) => {
    const made: unknown = await make(options);
    if (isEmitter(made)) return made;
    throw new HiveWatchError("usage", `what ${name} of ${source} makes is no emitter`);
  };
}

/** The emitter of all runs, as that of one of them: its own `finish` closes it, which must wait for the last run. */
function ofOneRun(emitter: Emitter, runId: string): Emitter {
  const finish = async (): Promise<void> => ("write" in emitter ? emitter.finishRun?.(runId) : undefined);
  return new Proxy(emitter, {
    get(target, name) {
      if (name === "finish") return finish;
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

async function load(source: string, url: string): Promise<unknown> {
  try {
    return await import(url);
  } catch (cause) {
    throw new HiveWatchError("usage", `the emitter ${source} can't be loaded: ${errorMessage(cause)}`, { cause });
  }
}

function exported(module: unknown, index: number | undefined): unknown {
  const value = field(module, "default");
  return index === undefined ? value : field(field(value, "emitters"), String(index));
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

function isEmitter(value: unknown): value is Emitter {
  return typeof value === "object" && value !== null && "name" in value && typeof value.name === "string";
}
