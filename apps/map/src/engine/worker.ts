import { createEngine, type Engine } from "./engine.ts";
import type { Request, Update } from "./messages.ts";
import { buffersOf } from "./transfer.ts";

/** The engine in a thread of its own, so that reading never keeps the page from drawing. */
let engine: Engine | undefined;

addEventListener("message", ({ data }: MessageEvent<Request>) => {
  if (data.kind === "open") {
    const publish = (update: Update): void => postMessage(update, { transfer: buffersOf(update) });
    engine = createEngine(data.address, publish);
  }
  engine?.take(data);
});
