import { stringifyEvent } from "@hivewatch/core";
import type { RunStore } from "@hivewatch/runs";
import { type Exchange, sendJson } from "./responses.ts";

/** `GET /runs`. */
export async function sendRuns(exchange: Exchange, store: RunStore, only: string | undefined): Promise<void> {
  const runs = (await store.list()).filter((run) => only === undefined || run.run_id === only);
  await sendJson(exchange, [stringifyEvent(runs)]);
}

/** `GET /runs/<id>/metadata`: the run in map schema 1, as far as it has come. */
export async function sendMetadata(exchange: Exchange, store: RunStore, runId: string): Promise<void> {
  await sendJson(exchange, store.mapText(runId));
}

/** `GET /runs/<id>/events`: the lines of the run's JSON lines file as one array, still a line each. */
export async function sendEvents(exchange: Exchange, store: RunStore, runId: string): Promise<void> {
  await sendJson(exchange, asArray(store.lineTexts(runId)));
}

/** @param texts - whole lines; there is no line feed inside of JSON as we write it */
async function* asArray(texts: AsyncIterable<string>): AsyncGenerator<string> {
  let separator = "[";
  for await (const text of texts) {
    yield separator + text.trimEnd().replaceAll("\n", ",\n");
    separator = ",\n";
  }
  yield separator === "[" ? "[]" : "]";
}
