import type { Notice, RunNotices } from "@hivewatch/bridge";
import { errorMessage } from "@hivewatch/core";
import type { RunStore } from "@hivewatch/runs";
import type { HealthBoard } from "../health/health-board.ts";
import { type DeclaredRuns, startDeclaredRuns } from "../threads/declared-runs.ts";
import { CLIENT_DESTINATIONS, type ClientDestination, readOptions } from "./client-destinations.ts";
import { type Declaration, declarationsIn } from "./declarations.ts";
import { resolvePackage } from "./find-emitters.ts";
import { createNoticeBoard } from "./notice-board.ts";

export interface ClientEmittersOptions {
  /** That of the bridge. */
  readonly store: RunStore;
  /** Whether the bridge runs emitters that programs declare. */
  readonly isAllowed: boolean;
  /** The names of the emitters that all runs have, as the bridge is set up. */
  readonly configured: ReadonlySet<string>;
  /** Where packages are looked for first. */
  readonly folder: string;
  /** Where it is kept how the threads do. */
  readonly health: HealthBoard;
  readonly say: (message: string) => void;
}

/** The emitters that programs declare, each for its own run. */
export interface ClientEmitters {
  /** Acts on what a run declares, and says what comes of it. */
  readonly notices: RunNotices;
  /** Goes on with the runs that an earlier process has not delivered to their ends. */
  resume(): Promise<void>;
  close(): Promise<void>;
}

/** Readies the bridge for emitters that programs declare. A thread is started when the first run needs it. */
export function startClientEmitters(options: ClientEmittersOptions): ClientEmitters {
  const { store, isAllowed, configured, folder, health, say } = options;
  const board = createNoticeBoard();
  const services = new Map<string, DeclaredRuns>();
  const looked = new Set<string>();
  const names = [...CLIENT_DESTINATIONS.keys()].filter((name) => isAllowed && !configured.has(name));

  /** @throws HiveWatchError `usage` if its package isn't installed */
  function serve(name: string, destination: ClientDestination): DeclaredRuns {
    const running = services.get(name);
    if (running !== undefined) return running;
    const service = startDeclaredRuns({
      name,
      destination,
      url: resolvePackage(name, destination.packageName, folder),
      store,
      health,
      say,
      onNotice: (runId, text) => board.post(runId, warning(text)),
      // The next run that declares it tries again.
      onFailure: () => services.delete(name),
    });
    services.set(name, service);
    return service;
  }

  async function act(runId: string, { name, options: given }: Declaration): Promise<Notice[]> {
    const destination = CLIENT_DESTINATIONS.get(name);
    if (destination === undefined) return [warning(`the bridge knows no emitter ${JSON.stringify(name.slice(0, 80))}`)];
    const { title } = destination;
    if (configured.has(name)) {
      const text = `${title} gets all runs of this bridge, as the bridge is set up for it; what this run declares about it doesn't count`;
      return [{ level: Object.keys(given).length > 0 ? "warning" : "info", text }];
    }
    if (!isAllowed) {
      return [
        warning(
          `the bridge doesn't send this run to ${title}, since it runs no emitters for programs: start it with "hivewatch up --emit ${name}", or allow it by --client-emitters`,
        ),
      ];
    }
    try {
      const service = serve(name, destination);
      await store.addReader(runId, name);
      service.want(runId);
    } catch (error) {
      return [warning(`the bridge doesn't send this run to ${title}: ${errorMessage(error)}`)];
    }
    const { ignored } = readOptions(destination, given, process.env);
    return [
      { level: "info", text: `the bridge sends this run to ${title}` },
      ...ignored.map((reason) => warning(`${title}: ${reason}`)),
    ];
  }

  /** A run that an earlier process has begun has cursors of those that it declared. */
  async function look(runId: string): Promise<void> {
    const readers = await store.readers(runId);
    for (const name of names) if (readers.includes(name)) goOn(name, runId);
  }

  function goOn(name: string, runId?: string): void {
    const destination = CLIENT_DESTINATIONS.get(name);
    if (destination === undefined) return;
    try {
      const service = serve(name, destination);
      if (runId !== undefined) service.want(runId);
    } catch (error) {
      say(`Runs that an earlier bridge sent to ${destination.title} wait: ${errorMessage(error)}`);
    }
  }

  const unsubscribe = store.subscribe(({ runId, isOpen }) => {
    if (!isOpen) looked.delete(runId);
    else if (names.length > 0 && !looked.has(runId)) {
      looked.add(runId);
      look(runId).catch((error: unknown) => say(errorMessage(error)));
    }
  });

  return {
    async notices(runId, init) {
      const declared = init === undefined ? [] : onePerName(declarationsIn(init));
      const told = await Promise.all(declared.map((each) => act(runId, each)));
      return [...told.flat(), ...board.take(runId)];
    },
    async resume() {
      for (const name of names) if ((await store.behindReader(name)).length > 0) goOn(name);
    },
    async close() {
      unsubscribe();
      await Promise.all([...services.values()].map((service) => service.close()));
    },
  };
}

function onePerName(declared: readonly Declaration[]): Declaration[] {
  return declared.filter(({ name }, index) => declared.findIndex((other) => other.name === name) === index);
}

function warning(text: string): Notice {
  return { level: "warning", text: text.replace("[hivewatch] ", "") };
}
