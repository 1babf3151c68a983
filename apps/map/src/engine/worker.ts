import { createEngine, type Engine } from "./engine.ts";
import type { Request, Update } from "./messages.ts";
import { buffersOf } from "./transfer.ts";

/** The engine in a thread of its own, so that reading never keeps the page from drawing. */
let engine: Engine | undefined;

addEventListener("message", ({ data }: MessageEvent<Request>) => {
  if (data.kind === "open") {
    const publish = (updates: readonly Update[]): void =>
      postMessage(updates, { transfer: updates.flatMap(buffersOf) });
    engine = createEngine(data.address, publish);
  }
  engine?.take(data);
});
