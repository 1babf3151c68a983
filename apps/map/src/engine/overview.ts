import type { MapHead, RunState } from "@hivewatch/core";
import { getOrAdd } from "../data/get-or-add.ts";
import { FIGURE_SOURCE, type Figure, type Overview, type Rounds } from "../data/run-data.ts";
import { createRunStore, isOpen, type RoundEntry, type RunStore, takeHead } from "./run-store.ts";

/** The run and its rounds' figures, as the page has them. */
export function overviewOf(store: RunStore, metrics: readonly string[]): Overview {
  const { run } = store;
  const entries = [...store.rounds.values()].sort((a, b) => a.round - b.round);
  return {
    runId: run.runId,
    algorithm: run.algorithm,
    config: run.config,
    status: run.status,
    statusReason: run.statusReason,
    startedAt: timeOf(run.startedAt),
    finishedAt: timeOf(run.finishedAt),
    lastEventAt: timeOf(run.lastEventAt),
    server: run.server,
    events: run.eventCount,
    rounds: roundsOf(run, entries),
    metrics,
  };
}

/** What a map's head alone tells of a run. */
export function overviewOfHead(head: MapHead): Overview {
  const store = createRunStore(head.run_id);
  takeHead(store, head);
  return overviewOf(store, []);
}

function roundsOf(run: RunState, entries: readonly RoundEntry[]): Rounds {
  const figures = new Map<string, Figure>();
  const notes = new Map<string, unknown[]>();
  for (const [i, entry] of entries.entries()) {
    for (const name in entry.figures) {
      const value = entry.figures[name];
      if (value === undefined || value === null) continue;
      if (typeof value !== "number") {
        getOrAdd(notes, name, () => new Array<unknown>(entries.length).fill(undefined))[i] = value;
        continue;
      }
      const figure = getOrAdd(figures, name, () => ({
        values: new Float64Array(entries.length).fill(Number.NaN),
        source: new Uint8Array(entries.length),
      }));
      figure.values[i] = value;
      figure.source[i] = entry.metrics[name] === undefined ? FIGURE_SOURCE.derived : FIGURE_SOURCE.reported;
    }
  }
  return {
    numbers: Float64Array.from(entries, ({ round }) => round),
    startedAt: Float64Array.from(entries, ({ startedAt }) => timeOf(startedAt) ?? Number.NaN),
    endedAt: Float64Array.from(entries, ({ endedAt }) => timeOf(endedAt) ?? Number.NaN),
    open: Uint8Array.from(entries, (entry) => (isOpen(run, entry) ? 1 : 0)),
    clients: Float64Array.from(entries, ({ rows }) => rows),
    figures,
    notes,
  };
}

/** Milliseconds since 1970. */
function timeOf(iso: string | undefined): number | undefined {
  if (iso === undefined) return undefined;
  const time = Date.parse(iso);
  return Number.isNaN(time) ? undefined : time;
}
