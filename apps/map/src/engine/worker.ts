import { createEngine } from "./engine.ts";
import type { Request, RunAddress, Update } from "./messages.ts";
import { buffersOf } from "./transfer.ts";

/** The engine in a thread of its own, so that reading never keeps the page from drawing. */
const address: RunAddress = JSON.parse(self.name);
const engine = createEngine(address, (updates: readonly Update[]) => {
  postMessage(updates, { transfer: updates.flatMap(buffersOf) });
});

addEventListener("message", ({ data }: MessageEvent<Request>) => engine.take(data));
