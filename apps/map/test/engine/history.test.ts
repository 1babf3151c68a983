import type { HiveEvent } from "@hivewatch/core";
import { expect, test } from "vitest";
import type { Finding } from "../../src/data/run-data.ts";
import { historyOf } from "../../src/engine/history.ts";
import { createReadings } from "../../src/engine/readings.ts";
import { isOpen } from "../../src/engine/run-store.ts";
import { findingText } from "../../src/ui/finding-text.ts";
import { event, update } from "../events.ts";
import { storeOf } from "./store-of.ts";

/** What a client's history says of its trouble, and what the list of the whole run does. */
async function troubleOf(id: string, ...events: HiveEvent[]): Promise<{ own: Finding[]; listed: Finding[] }> {
  const store = storeOf(...events);
  const readings = createReadings();
  const entries = [...store.rounds.values()].sort((a, b) => a.round - b.round);
  for (const entry of entries) if (entry.columns !== undefined) readings.read(entry.columns, isOpen(store.run, entry));
  const client = store.clients.add(id);
  const history = await historyOf([client], entries, async (entry) => ({
    columns: entry.columns,
    open: isOpen(store.run, entry),
    usual: readings.usual(entry.round),
  }));
  const rounds = Float64Array.from(entries, ({ round }) => round);
  const { list } = readings.findings(rounds, store.clients.size);
  return { own: [...history.findings], listed: list.filter((finding) => finding.client === client) };
}

test("a client's own trouble is all there, also what is too much for the list of the run", async () => {
  const failures = Array.from({ length: 60 }, (_, i) => event("comm_failure", { round: 1, client_id: `c${i}` }));
  const { own, listed } = await troubleOf("c59", ...failures, event("finished"));
  expect(listed).toEqual([]);
  expect(own.map(({ kind, round }) => [kind, round])).toEqual([["failure", 1]]);
});

test("a client's own trouble is told as in the list, the newest first", async () => {
  const usual = [1, 2].flatMap((round) =>
    Array.from({ length: 20 }, (_, i) => update(round, `c${i}`, { local_loss: 1 + i / 100, train_time_sec: 1 })),
  );
  const odd = [update(1, "odd", { local_loss: 9, train_time_sec: 1 }), update(2, "odd", { train_time_sec: 5 })];
  const { own, listed } = await troubleOf("odd", ...usual, ...odd, event("finished"));
  expect(own.map(({ kind, round }) => [kind, round])).toEqual([
    ["straggler", 2],
    ["outlier", 1],
  ]);
  expect(own.map(findingText).sort()).toEqual(listed.map(findingText).sort());
  expect(own.map(findingText)[0]).toBe("trained for 5.0 s, 5 times the round’s median");
});
