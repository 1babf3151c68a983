import { cp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  applyEvent,
  createRunState,
  decodeMapPart,
  type HiveEvent,
  type RunState,
  summarizeRound,
} from "@hivewatch/core";
import { newSeed, randomFrom, temporaryFolder, until } from "@hivewatch/test-support";
import { describe, expect, test } from "vitest";
import { writeArtifacts } from "../src/artifacts.ts";
import { encodePart } from "../src/encode-part.ts";
import { unitsOfLog } from "../src/fold-units.ts";
import { readBatches } from "../src/read-batches.ts";
import { addRow, createPart, setCell } from "../src/round-part.ts";
import { artifactPaths, logDir } from "../src/run-files.ts";
import { openRunStore } from "../src/run-store.ts";
import { clientsOf, event, update, updates } from "./support/events.ts";
import { notableRows } from "./support/notable-rows.ts";
import { readMap2 } from "./support/read-map2.ts";
import { append, appendTo, session } from "./support/stored.ts";
import { training } from "./support/training.ts";

/** The events of a log, and what core makes of them. */
async function stateOf(dir: string): Promise<{ events: HiveEvent[]; state: RunState }> {
  const state = createRunState("r");
  const events: HiveEvent[] = [];
  for await (const { entries } of openRunStore({ dir }).read("r")) events.push(...entries.map((entry) => entry.event));
  for (const each of events) applyEvent(state, each);
  return { events, state };
}

/** Checks that a map tells what core's state does. */
async function expectMapOf(dir: string, count: number): Promise<void> {
  const { events, state } = await stateOf(dir);
  expect(state.eventCount).toBe(count);
  const { head, rounds, results, asked, silent, notable, places } = await readMap2(dir);
  expect(notable).toEqual(notableRows(events));
  expect(head.notable.count).toBe(notable.length);
  expect(head).toMatchObject({
    run_id: "r",
    algorithm: state.algorithm,
    config: state.config,
    status: state.status,
    num_events: state.eventCount,
    position: count,
    clients: { count: clientsOf(events).size },
  });
  expect(head.rounds.map(({ round }) => round)).toEqual([...state.rounds.keys()].sort((a, b) => a - b));
  for (const entry of head.rounds) {
    const round = state.rounds.get(entry.round);
    if (round === undefined) throw new Error("a round too many");
    const withoutId = [...round.clients].map(([id, { client_id: _, ...fields }]) => [id, fields]);
    expect(rounds[entry.round]).toEqual(Object.fromEntries(withoutId));
    const counts = [...round.clients.keys()].map((id) => [id, round.updates.get(id) ?? 0]);
    expect(results[entry.round]).toEqual(Object.fromEntries(counts));
    const { round: _, ...figures } = summarizeRound(round);
    expect(entry.figures).toEqual(JSON.parse(JSON.stringify(figures)));
    const selected = [...new Set(round.selected)].sort();
    const unheard = selected.filter((id) => !round.clients.has(id));
    expect([asked[entry.round], silent[entry.round]]).toEqual([selected, unheard]);
    expect(entry).toMatchObject({
      clients: round.clients.size + unheard.length,
      silent: unheard.length,
      selected: round.selected?.length ?? null,
      ended_at: round.endedAt ?? null,
    });
  }
  for (const [id, { latest }] of state.clients) {
    const { lat, lng, city, country } = latest;
    expect(places[id]).toEqual(JSON.parse(JSON.stringify({ lat, lng, city, country })));
  }
}

/** Rounds that interleave, end late or never, begin again, and are reported to long afterwards. */
function anyTraining(seed: number, count: number): HiveEvent[] {
  const random = randomFrom(seed);
  const events = [event({ event_type: "init", started_at: "2026-11-23T07:43:20.337352+00:00", algorithm: "FedAsync" })];
  while (events.length < count) {
    const round = random.below(6);
    if (random.below(4) === 0) {
      const selected = Array.from({ length: 60 }, (_, i) => `c${i}`).filter((_, i) => i < 20 || random.below(2) === 0);
      events.push(event({ event_type: "round_start", round, selected }));
    }
    for (let n = random.below(30); n > 0; n--) {
      const lat = random.pick([{}, { lat: random.below(90), lng: 1, city: random.pick(["Paris", "東京"]) }]);
      events.push(update({ client_id: `c${random.below(40)}`, local_loss: random.below(1e9) / 1e9, ...lat }, round));
    }
    if (random.below(3) === 0)
      events.push(event({ event_type: "comm_failure", round, client_id: `c${random.below(50)}`, reason: "timeout" }));
    if (random.below(9) === 0) {
      const clients = Array.from({ length: random.below(5) }, () => ({ client_id: `c${random.below(70)}` }));
      events.push(event({ event_type: "client_dropout", round, clients, reason: random.pick(["", "gone"]) }));
      events.push(event({ event_type: random.pick(["log_damaged", "init", "of_ones_own"]), lost: random.below(9) }));
    }
    if (random.below(2) === 0)
      events.push(event({ event_type: "round_end", round, round_metrics: { global_accuracy: 0.5 } }));
  }
  return events;
}

test("a run of very many rounds has all of them in its head", async () => {
  const store = openRunStore({ dir: await temporaryFolder() });
  const rounds = Array.from({ length: 1300 }, (_, round) => update({ client_id: "a", local_loss: round }, round));
  await session(store, rounds);
  await expectMapOf(store.dir, rounds.length);
});

test("a part gives back every value exactly, and takes it up in as little room as it can", () => {
  const random = randomFrom(newSeed());
  for (let i = 0; i < 300; i++) {
    const rows = 1 + random.below(100);
    const part = createPart();
    for (let row = 0; row < rows; row++) addRow(part, random.below(2 ** 31));
    const makes = Array.from({ length: 5 }, () => random.pick(NUMBERS)(random.below));
    const cells = Array.from({ length: rows }, (_, row) =>
      makes.map((make, field) => {
        const value =
          random.below(4) === 0
            ? undefined
            : random.below(8) === 0
              ? JSON.stringify(random.pick(["x", "", "病院", true]))
              : make();
        if (value !== undefined) setCell(part, row, field, value);
        return value;
      }),
    );
    const decoded = decodeMapPart(encodePart(part, ["a", "b", "c", "d", "e"]));
    expect(Array.from(decoded.clients)).toEqual(Array.from(part.clients.subarray(0, rows)));
    const read = cells.map((fields, row) =>
      fields.map((_, field) => {
        for (const column of decoded.columns.filter(({ name }) => name === "abcde"[field])) {
          if (column.kind === "numbers" && column.present?.[row] !== 0) return column.numbers[row];
          if (column.kind === "values" && column.codes[row] !== -1)
            return JSON.stringify(column.values[column.codes[row] ?? -1]);
        }
        return undefined;
      }),
    );
    expect(read).toEqual(cells);
  }
  // Measurements that were rounded to four places take two bytes instead of eight.
  const part = createPart();
  for (let row = 0; row < 1000; row++) {
    addRow(part, row);
    setCell(part, row, 0, ((row * 7919) % 10_000) / 10_000);
  }
  expect(encodePart(part, ["a"]).length).toBeLessThan(1000 * 2 + 1000 * 2 + 300);
});

type Below = (limit: number) => number;
const NUMBERS: readonly [(below: Below) => () => number, ...((below: Below) => () => number)[]] = [
  () => () => 7,
  () => () => -0,
  () => () => Number.NaN,
  (below) => () => below(2) * 255,
  (below) => () => below(200) - 100,
  (below) => () => below(70_000) - 2,
  (below) => () => below(2 ** 32),
  (below) => () => below(1e9) * 1e9,
  (below) => () => below(1e6) / 1e4,
  (below) => () => Math.fround(below(1e6) / 7),
  (below) => () => below(2 ** 31) / 2 ** 31,
  (below) => () => [Number.NaN, Infinity, -Infinity, -0, 0, 5e-324, 1.5][below(7)] ?? 0,
];

test("a map tells what its events tell, wherever its writer was stopped in between", async () => {
  const seed = newSeed();
  const random = randomFrom(seed);
  const events = anyTraining(seed, 1200);
  const store = openRunStore({ dir: await temporaryFolder() });
  for (let at = 0; at < events.length; ) {
    const end = Math.min(events.length, at + 1 + random.below(200));
    await session(store, events.slice(at, end));
    at = end;
    await expectMapOf(store.dir, end);
  }
});

test("parts that are moved to disk come back when a client of theirs reports late", async () => {
  const seed = newSeed();
  const events = anyTraining(seed, 2000);
  const dir = await temporaryFolder();
  const store = openRunStore({ dir });
  const read = (from: number) =>
    unitsOfLog(
      "r",
      readBatches(logDir(dir, "r"), "r", { from }, async () => {}),
    );
  for (const half of [events.slice(0, 1000), events.slice(1000)]) {
    await append(store, "r", half);
    await writeArtifacts("r", artifactPaths(dir, "r"), read, { isOwner: true, partRows: 8, maxHeldBytes: 0 });
  }
  const { events: stored, state } = await stateOf(dir);
  const { head, notable, rounds, asked } = await readMap2(dir);
  expect(notable).toEqual(notableRows(stored));
  expect(head.notable.parts).toHaveLength(Math.ceil(notable.length / 8));
  for (const [number, round] of state.rounds) {
    const withoutId = [...round.clients].map(([id, { client_id: _, ...fields }]) => [id, fields]);
    expect(rounds[number]).toEqual(Object.fromEntries(withoutId));
    expect(asked[number]).toEqual([...(round.selected ?? [])].sort());
  }
});

test("whenever a writer is killed, the next one goes on to the same files", async () => {
  const seed = newSeed();
  const random = randomFrom(seed);
  const events = [...anyTraining(seed, 1500), event({ event_type: "finished" })];
  const store = openRunStore({ dir: await temporaryFolder() });
  const log = await store.openLog("r");
  const stop = new AbortController();
  const files = store.writeArtifacts("r", stop.signal);
  const copies: string[] = [];
  for (let at = 0; at < events.length; ) {
    const end = Math.min(events.length, at + 1 + random.below(120));
    await appendTo(log, events.slice(at, end));
    at = end;
    // What a crash leaves: files of different moments, but none that is older than what it was written after.
    const copy = await temporaryFolder();
    for (const name of ["r.log", "r.map.json", "r.map2.json", "r.map2", "r.jsonl"]) {
      await cp(join(store.dir, name), join(copy, name), { recursive: true }).catch(() => undefined);
    }
    copies.push(copy);
  }
  await log.close();
  stop.abort();
  await files;
  const lines = await readFile(join(store.dir, "r.jsonl"), "utf8");
  const map = await readFile(join(store.dir, "r.map.json"), "utf8");
  for (const copy of copies) {
    const cursor = await readFile(join(copy, "r.log", "artifacts.json")).catch(() => undefined);
    await rm(join(copy, "r.log"), { recursive: true });
    await cp(join(store.dir, "r.log"), join(copy, "r.log"), { recursive: true });
    if (cursor === undefined) await rm(join(copy, "r.jsonl"), { force: true });
    await writeFile(join(copy, "r.log", "artifacts.json"), cursor ?? '{"position":0,"jsonlBytes":0}');
    await session(openRunStore({ dir: copy }), []);
    expect(await readFile(join(copy, "r.jsonl"), "utf8")).toBe(lines);
    expect(await readFile(join(copy, "r.map.json"), "utf8")).toBe(map);
    await expectMapOf(copy, events.length);
    expect((await readdir(copy)).sort()).toEqual(["r.jsonl", "r.log", "r.map.json", "r.map2", "r.map2.json"]);
  }
});

describe("a damaged map is made anew from the log", () => {
  const events = training(8);

  test.each<[string, (head: string, frames: string) => Promise<void>]>([
    ["the head is gone", (head) => rm(head)],
    ["the head is half", (head) => truncate(head, 200)],
    ["the head is of another format", (head) => writeFile(head, '{"schema_version":3}')],
    ["the frames are gone", (_, frames) => rm(frames)],
    ["the frames are cut", (_, frames) => truncate(frames, 100)],
    ["the frames are of another file", (_, frames) => overwrite(frames, 10, 4)],
    [
      "the client table is damaged",
      async (head, frames) => {
        const [[offset]] = JSON.parse(await readFile(head, "utf8")).clients.parts;
        await overwrite(frames, offset + 12, 8);
      },
    ],
    [
      "what happened last is damaged",
      async (head, frames) => {
        const [[offset]] = JSON.parse(await readFile(head, "utf8")).notable.parts;
        await overwrite(frames, offset + 12, 8);
      },
    ],
    [
      "a round is damaged, to which something is added",
      async (head, frames) => {
        const { rounds } = JSON.parse(await readFile(head, "utf8"));
        await overwrite(frames, rounds[2].parts[0][0] + 12, 8);
      },
    ],
  ])("when %s", async (_, damage) => {
    const said: string[] = [];
    const store = openRunStore({ dir: await temporaryFolder(), onDiagnostic: (message) => said.push(message) });
    await session(store, events.slice(0, 50));
    const { head, frames } = artifactPaths(store.dir, "r").map2;
    await damage(head, frames);
    const late = update({ client_id: "b", local_loss: 3 }, 2);
    await session(store, [late, ...events.slice(50)]);
    const all = [...events.slice(0, 50), late, ...events.slice(50)];
    await expectMapOf(store.dir, all.length);
    const lines = (await readFile(join(store.dir, "r.jsonl"), "utf8")).trimEnd().split("\n");
    expect(lines).toHaveLength(all.length);
    expect(said.filter((message) => !message.includes("damaged"))).toEqual([]);
  });
});

async function overwrite(path: string, offset: number, length: number): Promise<void> {
  const bytes = await readFile(path);
  bytes.fill(0xaa, offset, offset + length);
  await writeFile(path, bytes);
}

test("frames are moved together when most of the file is what they were before", async () => {
  const dir = await temporaryFolder();
  const store = openRunStore({ dir });
  const paths = artifactPaths(dir, "r").map2;
  let largest = 0;
  const ids = new Set<string>();
  const all: HiveEvent[] = [];
  for (let i = 0; i < 14; i++) {
    const random = randomFrom(i);
    const metrics = (): Record<string, number> =>
      Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`m${n}`, random.below(2 ** 31) / 7]));
    const events = Array.from({ length: 2000 }, (_, c) => update({ client_id: `c${c}`, ...metrics() }, i % 2));
    events.push(event({ event_type: "comm_failure", round: i % 2, client_id: `c${i}`, reason: "timeout" }));
    await session(store, events);
    all.push(...events);
    largest = Math.max(largest, (await stat(paths.frames)).size);
    ids.add((await readMap2(dir)).head.frames.id);
  }
  expect(ids.size).toBeGreaterThan(1);
  const live = (await readMap2(dir)).head.rounds
    .flatMap(({ parts }) => parts)
    .reduce((sum, [, length]) => sum + length, 0);
  expect(largest).toBeLessThan(1024 * 1024 + 4 * live);
  await expectMapOf(dir, all.length);
});

test("a second process that brings a map up to date does no harm to the one that writes it", async () => {
  const seed = newSeed();
  const random = randomFrom(seed);
  const events = anyTraining(seed, 1000);
  const store = openRunStore({ dir: await temporaryFolder() });
  const other = openRunStore({ dir: store.dir });
  const log = await store.openLog("r");
  const stop = new AbortController();
  const files = store.writeArtifacts("r", stop.signal);
  for (let at = 0; at < events.length; ) {
    const end = Math.min(events.length, at + 1 + random.below(100));
    await appendTo(log, events.slice(at, end));
    at = end;
    if (random.below(2) === 0) await other.writeArtifacts("r");
  }
  await log.close();
  stop.abort();
  await files;
  await expectMapOf(store.dir, events.length);
});

test("a run is shown before its round has ended, and its file of lines goes on where it was", async () => {
  const store = openRunStore({ dir: await temporaryFolder() });
  const log = await store.openLog("r");
  const stop = new AbortController();
  const files = store.writeArtifacts("r", stop.signal);
  await appendTo(log, updates(10));
  await until("a map of the round that goes on", async () => {
    const map = await store.map("r");
    await map?.frames.close();
    return map?.head.num_events === 10;
  });
  await log.close();
  stop.abort();
  await files;
  await expectMapOf(store.dir, 10);
});
