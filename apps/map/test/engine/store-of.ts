import type { HiveEvent } from "@hivewatch/core";
import { CLIENT_STATUSES } from "../../src/data/statuses.ts";
import { judgeRound } from "../../src/engine/judge-round.ts";
import { createRunStore, isOpen, type RunStore, takeEvent } from "../../src/engine/run-store.ts";

/** A run with these events, the position of each its number from 1. */
export function storeOf(...events: HiveEvent[]): RunStore {
  const store = createRunStore("r");
  for (const [i, event] of events.entries()) takeEvent(store, event, i + 1);
  return store;
}

/** The ids of a run's clients, by index. */
export function idsOf(store: RunStore): readonly string[] {
  return store.clients.news()?.ids ?? [];
}

/** How each client that has a row in the round stands in it. */
export function statusesIn(store: RunStore, round: number): Record<string, string> {
  const entry = store.rounds.get(round);
  if (entry?.columns === undefined) return {};
  const { columns } = entry;
  const ids = idsOf(store);
  const status = judgeRound(columns, isOpen(store.run, entry));
  const named = Array.from(status, (code, row): [string, string] => [
    ids[columns.clients[row] ?? -1] ?? "",
    CLIENT_STATUSES[code] ?? "",
  ]);
  return Object.fromEntries(named);
}
