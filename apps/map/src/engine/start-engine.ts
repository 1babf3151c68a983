import { readAddress, roundIn } from "../run-address.ts";
import type { Request, RunAddress, Update } from "./messages.ts";

/** An engine in its thread. */
export interface StartedEngine {
  ask(request: Request): void;
  /** Takes what it tells, and has told already. */
  listen(take: (updates: readonly Update[]) => void): void;
  /** Resolves when it has told of a round, or that there is none to wait for. */
  readonly opened: Promise<void>;
  stop(): void;
}

let early: { readonly engine: StartedEngine; readonly address: RunAddress } | undefined;

/** Starts reading the run that the page's address names, before anything of the page is drawn. */
export function startEarly(): void {
  const { runId, map } = readAddress(location.search);
  if (map === undefined && runId === undefined) return;
  const address = addressOf(runId ?? "", map);
  early = { engine: start(address), address };
}

/** Resolves when the run that is read early is open; at once if none is. */
export async function openedEarly(): Promise<void> {
  await early?.engine.opened;
}

/** The engine of a run: the one that was started early, if it reads this one. */
export function startEngine(runId: string, map: string | undefined): StartedEngine {
  const known = early;
  early = undefined;
  if (known !== undefined && known.address.map === map && (map !== undefined || known.address.runId === runId)) {
    return known.engine;
  }
  known?.engine.stop();
  return start(addressOf(runId, map));
}

function addressOf(runId: string, map: string | undefined): RunAddress {
  return { runId, base: document.baseURI, map, round: roundIn(location.hash) };
}

function start(address: RunAddress): StartedEngine {
  // A message would not reach it before the page's own thread has nothing else to do; its name does.
  const name = JSON.stringify(address);
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name });
  const told: Update[] = [];
  const opened = new Promise<void>((resolve) => {
    worker.onmessage = ({ data }: MessageEvent<readonly Update[]>) => {
      told.push(...data);
      if (data.some(({ kind }) => kind === "table" || kind === "connection")) resolve();
    };
  });
  return {
    opened,
    ask: (request) => worker.postMessage(request),
    listen(take) {
      worker.onmessage = ({ data }: MessageEvent<readonly Update[]>) => take(data);
      if (told.length > 0) take(told.splice(0));
    },
    stop: () => worker.terminate(),
  };
}
