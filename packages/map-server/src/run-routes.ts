import { applyEvent, createRunState, type RunState, stringifyEvent } from "@hivewatch/core";
import { jsonlLines, mapSchema1, type RunStore } from "@hivewatch/runs";
import { type Exchange, sendJson } from "./responses.ts";

/** `GET /runs`. */
export async function sendRuns(exchange: Exchange, store: RunStore, only: string | undefined): Promise<void> {
  const runs = (await store.list()).filter((run) => only === undefined || run.run_id === only);
  await sendJson(exchange, [stringifyEvent(runs)]);
}

/** `GET /runs/<id>/metadata`: the run in map schema 1, as far as it has come. */
export async function sendMetadata(exchange: Exchange, store: RunStore, runId: string): Promise<void> {
  const state = createRunState(runId);
  for await (const { entries } of store.read(runId)) {
    for (const { event } of entries) applyEvent(state, event);
  }
  await sendJson(exchange, mapPieces(state));
}

/** In pieces, because the text of a large run is longer than a string can be. */
function* mapPieces(state: RunState): Generator<string> {
  const { rounds, ...head } = mapSchema1(state);
  yield `${stringifyEvent(head).slice(0, -1)},"rounds":[`;
  for (const [i, round] of rounds.entries()) yield (i === 0 ? "" : ",") + stringifyEvent(round);
  yield "]}";
}

/** `GET /runs/<id>/events`: the lines of the run's JSON lines file as one array. */
export async function sendEvents(exchange: Exchange, store: RunStore, runId: string): Promise<void> {
  await sendJson(exchange, eventPieces(store, runId));
}

async function* eventPieces(store: RunStore, runId: string): AsyncGenerator<string> {
  const state = createRunState(runId);
  let separator = "[";
  for await (const { entries } of store.read(runId)) {
    for (const { event } of entries) {
      applyEvent(state, event);
      for (const line of jsonlLines(event, state).split("\n")) {
        if (line === "") continue;
        yield separator + line;
        separator = ",";
      }
    }
  }
  yield separator === "[" ? "[]" : "]";
}
