import { applyEvent, createRunState, type HiveEvent, type RoundState, stringifyEvent } from "@hivewatch/core";
import { newSeed, type Random, randomFrom } from "@hivewatch/test-support";
import { describe, expect, test } from "vitest";
import { batchEvents, packEvents } from "../src/batch.ts";
import { decodeColumns } from "../src/column-block.ts";
import { areSurelyValid } from "../src/columns.ts";
import type { FoldUnit } from "../src/fold-units.ts";
import { jsonlLines } from "../src/jsonl-line.ts";
import type { MapFold } from "../src/map-fold.ts";
import { mapSchema1 } from "../src/map-schema-1.ts";
import { cellBytes } from "../src/round-part.ts";
import { takeUnit } from "../src/take-unit.ts";
import { clientsOf, event } from "./support/events.ts";
import { memoryFold } from "./support/memory-fold.ts";
import { referenceMap } from "./support/reference-map.ts";

test("a fold makes of any events what core's state makes of them, however they come and wherever its parts are", async () => {
  const random = randomFrom(newSeed());
  let blocks = 0;
  for (let i = 0; i < 80; i++) {
    const events = anyEvents(random, 1 + random.below(120));
    const state = createRunState("r");
    const fold = memoryFold({ partRows: random.pick([2, 4, 64]), maxBytes: random.pick([0, 2 ** 30]) });
    for (const unit of unitsOf(events, random.below(3) > 0)) {
      let lines = "";
      for (const each of eventsOf(unit)) {
        applyEvent(state, each);
        lines += jsonlLines(each, state);
      }
      if (unit.kind === "block") blocks++;
      expect(parsed([...takeUnit(fold, unit, true).lines].join(""))).toEqual(parsed(lines));
      if (random.below(3) === 0) await fold.shelf.relieve(fold.write);
      if (random.below(5) === 0) await fold.shelf.save(fold.write);
    }
    expect(rounded(JSON.parse([...mapSchema1(fold)].join("")))).toEqual(
      rounded(JSON.parse(stringifyEvent(referenceMap(state)))),
    );
    const { eventCount, lastEventAt } = state;
    expect([fold.run.eventCount, fold.run.lastEventAt, fold.clients.ids.size]).toEqual([
      eventCount,
      lastEventAt,
      clientsOf(events).size,
    ]);
    for (const round of state.rounds.values()) expect(askedIn(fold, round.round)).toEqual(expectedAsked(round));
    await fold.shelf.save(fold.write);
    expect(JSON.parse(`[${fold.shelf.entries().join(",")}]`)).toHaveLength(state.rounds.size);
  }
  expect(blocks).toBeGreaterThan(100);
});

/** Who was asked in a round, and who of them was not heard of. */
function askedIn(fold: MapFold, round: number): { asked: string[]; silent: string[] } {
  const asked: string[] = [];
  const silent: string[] = [];
  for (const part of fold.shelf.parts(fold.shelf.look(round) ?? fail())) {
    for (let row = 0; row < part.rows; row++) {
      const id = fold.clients.ids.text(part.clients[row] ?? -1);
      if (part.asked[row] === 1) asked.push(id);
      if (row >= part.heard) silent.push(id);
    }
  }
  return { asked: asked.sort(), silent: silent.sort() };
}

function expectedAsked({ selected, clients }: RoundState): { asked: string[]; silent: string[] } {
  const asked = [...new Set(selected)].sort();
  return { asked, silent: asked.filter((id) => !clients.has(id)) };
}

describe("what is held in memory is bounded", () => {
  const maxBytes = 1024 * 1024;

  test("in a round of many clients, who report in any order", async () => {
    const random = randomFrom(newSeed());
    const clients = 20_000;
    const fold = memoryFold({ partRows: 1024, maxBytes });
    for (let at = 0; at < clients; at += 2000) {
      takeUnit(
        fold,
        blockOf(2000, (i) => [at + i, 1]),
        false,
      );
      await fold.shelf.relieve(fold.write);
      expect(heldBytes(fold)).toBeLessThan(maxBytes);
    }
    for (let i = 0; i < 3; i++) {
      takeUnit(
        fold,
        blockOf(2000, () => [random.below(clients), 1]),
        false,
      );
      await fold.shelf.relieve(fold.write);
      expect(heldBytes(fold)).toBeLessThan(maxBytes);
    }
    const table = fold.shelf.look(1);
    expect(table?.rows).toBe(clients);
    let results = 0;
    for (const part of fold.shelf.parts(table ?? fail())) for (const count of part.results) results += count;
    expect(results).toBe(clients + 3 * 2000);
  });

  test("in many rounds that never end", async () => {
    const fold = memoryFold({ partRows: 1024, maxBytes });
    for (let round = 0; round < 300; round += 3) {
      takeUnit(
        fold,
        blockOf(600, (i) => [i % 200, round + (i % 3)]),
        false,
      );
      await fold.shelf.relieve(fold.write);
      expect(heldBytes(fold)).toBeLessThan(maxBytes);
    }
    expect(fold.shelf.numbers()).toHaveLength(300);
    expect(fold.shelf.numbers().map((round) => fold.shelf.look(round)?.rows)).toEqual(
      Array.from({ length: 300 }, () => 200),
    );
  });
});

function fail(): never {
  throw new Error("the round is missing");
}

/** Results with six metrics, in columns. */
function blockOf(count: number, who: (i: number) => [client: number, round: number]): FoldUnit {
  const events = Array.from({ length: count }, (_, i) => {
    const [client, round] = who(i);
    const metrics = Object.fromEntries(["a", "b", "c", "d", "e", "f"].map((name, n) => [name, (i * 7 + n) / 13]));
    return event({ event_type: "client_update", round, clients: [{ client_id: `client-${client}`, ...metrics }] });
  });
  const [unit] = unitsOf(events, true);
  return unit ?? fail();
}

function heldBytes(fold: MapFold): number {
  const parts = fold.shelf.numbers().flatMap((round) => fold.shelf.look(round)?.parts ?? []);
  return parts.reduce((sum, { loaded }) => sum + (loaded === undefined ? 0 : cellBytes(loaded)), 0);
}

/** Sums of sums differ in their last digits from sums of all, so that derived figures are compared by their first ones. */
function rounded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rounded);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      DERIVED.has(name) && typeof inner === "number" ? inner.toPrecision(9) : rounded(inner),
    ]),
  );
}

const DERIVED: ReadonlySet<string> = new Set([
  "dispersion",
  "divergence",
  "gradient_norm_dispersion",
  "total_bytes_up",
  "total_bytes_down",
]);

function parsed(lines: string): unknown[] {
  return lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => rounded(JSON.parse(line)));
}

function unitsOf(events: readonly HiveEvent[], inColumns: boolean): FoldUnit[] {
  if (!inColumns) return events.map((each, i) => ({ kind: "events", events: [each], position: i + 1 }));
  const sequence = { runId: "r", producerId: "p", producerEpoch: 1n, firstSeq: 0n };
  return packEvents(events, sequence).map((batch): FoldUnit => {
    const position = Number(batch.firstSeq) + batch.count;
    const block = batch.payload.case === "columns" ? decodeColumns(batch.payload.value) : undefined;
    if (block !== undefined && areSurelyValid(block)) {
      sources.set(block, batchEvents(batch));
      return { kind: "block", block, position };
    }
    return { kind: "events", events: batchEvents(batch), position };
  });
}

const sources = new WeakMap<object, HiveEvent[]>();

function eventsOf(unit: FoldUnit): readonly HiveEvent[] {
  return unit.kind === "events" ? unit.events : (sources.get(unit.block) ?? []);
}

function anyEvents(random: Random, count: number): HiveEvent[] {
  const events: HiveEvent[] = [];
  while (events.length < count) {
    const round = random.below(5);
    // Neighbours of one kind, so that there is something to be put into columns.
    const kind = random.below(12);
    for (let n = kind < 5 ? random.below(20) : 1; n > 0; n--) events.push(anyEvent(random, kind, round));
  }
  return events;
}

function anyEvent(random: Random, kind: number, round: number): HiveEvent {
  const timestamp = `2026-11-23T07:43:${10 + random.below(50)}.00000${random.below(10)}+00:00`;
  const make = (fields: Record<string, unknown>): HiveEvent => event({ timestamp, ...fields });
  const client_id = `c${random.below(9)}`;
  const anyRound = random.pick([round, round, random.below(5), null]);
  switch (kind) {
    case 0:
    case 1:
    case 2:
      return make({ event_type: "client_update", round: anyRound, clients: [anyClient(random)] });
    case 3:
      return make({ event_type: "client_metric", round: anyRound, clients: [anyClient(random)] });
    case 4:
      return make({ event_type: "client_update", round, clients: [{ ...anyClient(random), round: random.below(5) }] });
    case 5:
      return make({
        event_type: "round_end",
        round,
        round_metrics: anyMetrics(random),
        clients: random.pick([[], [anyClient(random)]]),
      });
    case 6:
      return make({ event_type: "round_start", round, ...random.pick([{}, { selected: anyIds(random) }]) });
    case 7:
      return make({
        event_type: "client_dropout",
        round,
        clients: [{ client_id, status: "gone", cpu_pct: 3 }, anyClient(random)],
      });
    case 8:
      return make({ event_type: random.pick(["comm_failure", "client_recovered"]), round, client_id });
    case 9:
      return make({
        event_type: "of_ones_own",
        round: anyRound,
        clients: random.pick([undefined, [anyClient(random)]]),
      });
    case 10:
      return random.pick([
        make({ event_type: "checkpoint", round, path: "x" }),
        make({ event_type: "evaluation", round, source: "central", metrics: { loss: "NaN" } }),
        make({ event_type: "client_update", round, clients: [anyClient(random), anyClient(random)] }),
        make({ event_type: "client_update", round, clients: [] }),
      ]);
    default:
      return random.pick([
        make({ event_type: "init", started_at: timestamp, algorithm: "FedAvg", config: { lr: "NaN" } }),
        make({ event_type: "server_metadata", server: { lat: random.below(9), city: random.pick([null, "Lemont"]) } }),
        make({ event_type: "finished", ...random.pick([{}, { status: "failed", reason: "why" }]) }),
      ]);
  }
}

function anyIds(random: Random): string[] {
  return Array.from({ length: random.below(30) }, () => `c${random.below(40)}`);
}

function anyClient(random: Random): Record<string, unknown> {
  const client: Record<string, unknown> = {
    client_id: random.pick(["c1", "c2", "c3", "病院", 'a"b\\', "10388190150487002303", `c${random.below(40)}`]),
  };
  for (const name of NAMES) if (random.below(3) === 0) client[name] = anyNumber(random);
  if (random.below(3) === 0) client.lat = random.below(90);
  if (random.below(3) === 0) client.city = random.pick(["Paris", "NaN", "東京", ""]);
  if (random.below(3) === 0) client.status = random.pick(["active", "idle", "failed", "dropped", null]);
  if (random.below(3) === 0)
    client.extra = random.pick<unknown>([
      1,
      "text",
      "NaN",
      "Infinity",
      true,
      false,
      null,
      { k: [1, "NaN"] },
      ["x"],
      -0,
    ]);
  if (random.below(9) === 0)
    client[random.pick(["_debug", "constructor", "toString", 'with "quotes"', "0"])] = random.pick<unknown>([1, "x"]);
  return client;
}

const NAMES = [
  "local_accuracy",
  "local_loss",
  "num_samples",
  "gradient_norm",
  "bytes_sent",
  "bytes_received",
  "base_round",
];

function anyNumber(random: Random): unknown {
  return random.pick<unknown>([
    random.below(10),
    random.below(2 ** 31) / 7,
    -random.below(1e6) / 1e4,
    Math.fround(random.below(1000) / 3),
    "NaN",
    "Infinity",
    "-Infinity",
    -0,
    null,
    2 ** 53,
    1e300,
  ]);
}

function anyMetrics(random: Random): Record<string, unknown> {
  const metrics: Record<string, unknown> = {};
  if (random.below(2) === 0) metrics.global_accuracy = anyNumber(random);
  if (random.below(3) === 0) metrics.num_selected = random.below(9);
  if (random.below(4) === 0) metrics.gradient_divergence = 0.5;
  if (random.below(4) === 0) metrics.algorithm_metadata = { mu: "NaN" };
  if (random.below(4) === 0) metrics.note = random.pick(["NaN", "x"]);
  return metrics;
}
