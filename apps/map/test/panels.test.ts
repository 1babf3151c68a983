import { expect, test } from "vitest";
import { type Digest, type FeedEntry, QUANTILES } from "../src/data/run-data.ts";
import { STATUS_CODES } from "../src/data/statuses.ts";
import { clientsAsCsv, clientsAsJson } from "../src/ui/client-export.ts";
import { alignRounds, cohortPlot, rankIn } from "../src/ui/cohort-plot.ts";
import { connectionState } from "../src/ui/connection-state.ts";
import { filterEvents } from "../src/ui/filter-events.ts";
import { findingText } from "../src/ui/finding-text.ts";
import { bytesThrough, globalFigure, plannedRounds } from "../src/ui/round-figures.ts";
import { statusRuns } from "../src/ui/status-strip.ts";
import { columnChoices, shownFields } from "../src/ui/table-columns.ts";
import { tickPlaces } from "../src/ui/tick-places.ts";
import { type ClientRow, clientsOf, roundsOf, tableOf } from "./tables.ts";

const SIZE = { width: 100, height: 40 };

function digestOf(...rounds: readonly (readonly number[])[]): Digest {
  return {
    field: "x",
    count: Uint32Array.from(rounds, ({ length }) => length),
    nonFinite: new Uint32Array(rounds.length),
    mean: new Float64Array(rounds.length),
    quantiles: Float64Array.from(
      rounds.flatMap((values) =>
        Array.from(
          { length: QUANTILES },
          (_, q) => values[Math.round(((values.length - 1) * q) / (QUANTILES - 1))] ?? Number.NaN,
        ),
      ),
    ),
  };
}

test("the state of the connection in words", () => {
  expect(connectionState("live", "running", 5_000)).toEqual({ state: "live", label: "live" });
  expect(connectionState("live", "running", 40_000).label).toBe("run silent for 40 s");
  expect(connectionState("live", "completed", 40_000).state).toBe("finished");
  expect(connectionState("reconnecting", "running", 0).state).toBe("reconnecting");
  expect(connectionState("saved", "completed", undefined).label).toBe("saved file");
  expect(connectionState("not_found", "running", undefined).state).toBe("waiting");
});

test("how slow a client was is told in no more digits than anybody reads", () => {
  const slow = (value: number, usual: number): string =>
    findingText({
      kind: "straggler",
      round: 1,
      client: 0,
      detail: "",
      facts: [{ field: "train_time_sec", value, usual }],
      score: 1,
    });
  expect(slow(4.9, 1.96)).toBe("trained for 4.9 s, 2.5 times the round’s median");
  expect(slow(1230, 1)).toContain(", 1200 times the");
});

test("a picture of a client beside the cohort has gaps where nothing was reported", () => {
  const plot = cohortPlot(Float64Array.of(1, Number.NaN, 3), digestOf([0, 4], [0, 4], [0, 4]), SIZE);
  // A value by itself is a dot.
  expect(plot?.own).toBe("M0 30h0M100 10h0");
  expect([plot?.low, plot?.high]).toEqual([0, 4]);
  expect(plot?.band).toMatch(/^M.*Z$/);
  expect(cohortPlot(new Float64Array(3).fill(Number.NaN), undefined, SIZE)).toBeUndefined();
  expect(cohortPlot(new Float64Array(0), undefined, SIZE)).toBeUndefined();
});

test("of ten thousand rounds no more is drawn than can be seen, and the extremes stay", () => {
  const values = Float64Array.from({ length: 10_000 }, (_, i) => (i === 5_001 ? 1000 : i % 7));
  const plot = cohortPlot(values, undefined, SIZE);
  expect(plot?.own.split("L").length).toBeLessThan(300);
  expect(plot?.own).toContain("V0V");
});

test("where a value stands among all", () => {
  const digest = digestOf(
    Array.from({ length: 101 }, (_, i) => i),
    [1],
  );
  expect(rankIn(digest, 0, 1000)).toBe(1);
  expect(rankIn(digest, 0, -1)).toBe(0);
  expect(rankIn(digest, 0, 50)).toBeCloseTo(0.5, 1);
  expect(rankIn(digest, 1, 1)).toBeUndefined();
});

test("a history of other rounds is brought to those that are shown", () => {
  expect([...alignRounds([1, 3, 4], [10, 30, 40], [0, 1, 2, 3])]).toEqual([Number.NaN, 10, Number.NaN, 30]);
});

test("of rounds that share a place the gravest is shown", () => {
  const { active, failed, idle } = STATUS_CODES;
  expect(statusRuns(Uint8Array.of(active, failed, idle), 10)).toHaveLength(3);
  const many = new Uint8Array(1000).fill(active);
  many[501] = failed;
  const runs = statusRuns(many, 100);
  expect(runs.map(({ status }) => status)).toEqual([active, failed, active]);
  expect(runs.at(-1)?.end).toBe(1000);
});

test("where something goes wrong in every round, those stand out in which it is more", () => {
  const x = Float64Array.from({ length: 8 }, (_, i) => i);
  const ticks = tickPlaces(x, Uint32Array.from(x), Uint32Array.of(10, 12, 9, 30, 11, 10, 13, 10), 0, 400);
  expect(ticks.map(({ isUnusual }) => isUnusual)).toEqual([false, false, false, true, false, false, false, false]);
  expect(ticks.every(({ trouble }) => trouble > 0)).toBe(true);
});

test("ticks lie where their rounds do, and a round with trouble is never hidden", () => {
  const even = Float64Array.of(0, 1, 2);
  const index = Uint32Array.of(0, 1, 2);
  expect(tickPlaces(even, index, Uint32Array.of(0, 5, 0), 1, 200)).toEqual([
    { at: 0, trouble: 0, isUnusual: false, isPast: true },
    { at: 100, trouble: 1, isUnusual: true, isPast: true },
    { at: 200, trouble: 0, isUnusual: false, isPast: false },
  ]);
  const count = 10_000;
  const findings = new Uint32Array(count);
  findings[4321] = 1;
  const x = Float64Array.from({ length: count }, (_, i) => i);
  const ticks = tickPlaces(x, Uint32Array.from(x), findings, 0, 400);
  expect(ticks.length).toBeLessThanOrEqual(101);
  expect(ticks.filter(({ trouble }) => trouble > 0)).toHaveLength(1);
  expect(tickPlaces(Float64Array.of(3), Uint32Array.of(0), findings, 0, 400)).toEqual([]);
});

test("events are found by type, round, client and anything in them", () => {
  const entries: FeedEntry[] = [
    { at: 0, type: "client_dropout", round: 1, client: 0, detail: { reason: "São Paulo is off" } },
    { at: 1, type: "checkpoint", round: 2, client: undefined, detail: { path: "a.pt" } },
    { at: 2, type: "comm_failure", round: undefined, client: 1, detail: {} },
  ];
  const found = (text: string) =>
    filterEvents(entries, text, (client) => ["tokyo", "paris"][client] ?? "").map(({ at }) => at);
  expect(found("")).toEqual([0, 1, 2]);
  expect(found("type:checkpoint")).toEqual([1]);
  expect(found("round:1")).toEqual([0]);
  expect(found("sao")).toEqual([0]);
  expect(found("PARIS")).toEqual([2]);
  expect(found("-type:checkpoint -tokyo")).toEqual([2]);
  expect(found("comm failure")).toEqual([2]);
});

const ROWS: readonly ClientRow[] = [
  { id: '=1+1,"x"', status: "active", city: "A\nB", local_loss: Number.NaN, bytes_sent: 3, tags: ["a"] },
  { id: "b", local_loss: 1 },
];

test("a table as CSV: what is missing is empty, NaN keeps its name, and nothing is a formula", async () => {
  const table = tableOf(7, ROWS);
  const csv = await clientsAsCsv({ name: "x", clients: clientsOf(ROWS), table, order: [1, 0] }).text();
  expect(csv.replace("\uFEFF", "").split("\r\n")).toEqual([
    "client_id,round,status,city,country,lat,lng,local_loss,bytes_sent,tags",
    "b,7,idle,,,,,,,",
    `"'=1+1,""x""",7,active,"A\nB",,,,NaN,3,"[""a""]"`,
    "",
  ]);
});

test("a table as JSON: what is missing is left out, and NaN is that word", async () => {
  const json = await clientsAsJson({
    name: "x",
    clients: clientsOf(ROWS),
    table: tableOf(7, ROWS),
    order: [0, 1],
  }).text();
  expect(JSON.parse(json)).toEqual([
    { client_id: '=1+1,"x"', round: 7, status: "active", city: "A\nB", local_loss: "NaN", bytes_sent: 3, tags: ["a"] },
    { client_id: "b", round: 7, status: "idle" },
  ]);
  expect(
    JSON.parse(await clientsAsJson({ name: "x", clients: clientsOf([]), table: undefined, order: [] }).text()),
  ).toEqual([]);
});

test("the usual columns are those that were reported; else some of the application's own", () => {
  const overview = { metrics: ["local_loss", "odd"] };
  const choices = columnChoices(
    overview,
    tableOf(1, [{ id: "a", status: "active", base_round: 0, note: "x", _hidden: 1 }]),
  );
  expect(choices).toEqual(["local_loss", "odd", "base_round", "note", "staleness", "round_share"]);
  expect(shownFields([], choices)).toEqual(["local_loss", "staleness", "round_share"]);
  expect(shownFields([], ["odd", "round_share"])).toEqual(["odd", "round_share"]);
  expect(shownFields(["odd"], choices)).toEqual(["odd"]);
});

test("the global accuracy is the reported one, else the clients' mean of a round that is over", () => {
  const figure = (values: readonly number[], source: readonly number[]) => ({
    values: Float64Array.from(values),
    source: Uint8Array.from(source),
  });
  const rounds = {
    ...roundsOf([0, 1, 2, 3]),
    open: Uint8Array.of(0, 0, 0, 1),
    figures: new Map([
      ["global_accuracy", figure([0.5, Number.NaN, 0, 0], [2, 2, 0, 0])],
      ["clients_accuracy", figure([0.1, 0.2, 0.3, 0.9], [1, 1, 1, 1])],
      ["total_bytes_up", figure([5, 0, 7, 0], [2, 0, 2, 0])],
    ]),
    notes: new Map([["global_source", ["central", undefined, undefined, undefined]]]),
  };
  expect(globalFigure(rounds, 0, "accuracy")).toEqual({ value: 0.5, source: "evaluated centrally", round: 0 });
  expect(globalFigure(rounds, 1, "accuracy")).toMatchObject({ value: Number.NaN, round: 1 });
  expect(globalFigure(rounds, 2, "accuracy")).toEqual({ value: 0.3, source: "clients’ mean", round: 2 });
  expect(globalFigure(rounds, 3, "accuracy")).toEqual({ value: 0.3, source: "clients’ mean", round: 2 });
  expect(globalFigure(rounds, 3, "loss")).toBeUndefined();
  expect(bytesThrough(rounds, 2)).toBe(12);
  expect(bytesThrough(roundsOf([1]), 0)).toBeUndefined();
  expect(plannedRounds({ num_rounds: 5 })).toBe(5);
});
