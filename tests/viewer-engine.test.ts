import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { decodeMapPart, decodeMapTable, type MapHead, type MapPlace, parseEvent, parseMapHead } from "@hivewatch/core";
import { afterwards, eventually, newSeed, syntheticRun, temporaryFolder } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { fieldOf } from "../apps/map/src/data/table-fields.ts";
import type { RunAddress, Update } from "../apps/map/src/engine/messages.ts";
import { overviewOf } from "../apps/map/src/engine/overview.ts";
import { roundTable } from "../apps/map/src/engine/round-table.ts";
import {
  createRunStore,
  isOpen,
  passOver,
  type RunStore,
  refreshFigures,
  takeClients,
  takeEvent,
  takeHead,
  takeParts,
} from "../apps/map/src/engine/run-store.ts";
import { serveFiles } from "./support/http-servers.ts";
import { writeRun } from "./support/write-run.ts";

const RUN_ID = "run-engine";

test("a run's map, and its map with the events behind it, tell the viewer the same as all its events", async () => {
  const seed = newSeed();
  const events = [...syntheticRun({ runId: RUN_ID, clients: 40, rounds: 6, seed })];
  const truth = createRunStore(RUN_ID);
  for (const [i, event] of events.entries()) takeEvent(truth, parseEvent(event), i + 1);
  const expected = pictureOf(truth);

  // Up to everything, up to nothing, and up to the middle of a round.
  for (const cut of [events.length, 1, Math.floor(events.length / 2)]) {
    const store = await loadRun(events.slice(0, cut));
    // The positions of the events behind the map are greater than that of the map.
    for (const event of events.slice(cut)) takeEvent(store, parseEvent(event), Number.MAX_SAFE_INTEGER);
    expect(pictureOf(store), `seed ${seed}, cut at ${cut}`).toEqual(expected);
  }
});

test("clients keep their rounds if the page met them in another order than the map", async () => {
  const events = [...syntheticRun({ runId: RUN_ID, clients: 12, rounds: 3, seed: 5 })];
  const store = createRunStore(RUN_ID);
  for (const id of ["site-000011", "site-000003"]) store.clients.add(id);
  await loadRun(events, store);
  const truth = createRunStore(RUN_ID);
  for (const [i, event] of events.entries()) takeEvent(truth, parseEvent(event), i + 1);
  expect(pictureOf(store)).toEqual(pictureOf(truth));
});

test("a page that passes over events and takes the map instead tells the same as all events", async () => {
  const seed = newSeed();
  const events = [...syntheticRun({ runId: RUN_ID, clients: 40, rounds: 6, seed })];
  const truth = createRunStore(RUN_ID);
  for (const [i, event] of events.entries()) takeEvent(truth, parseEvent(event), i + 1);
  const expected = pictureOf(truth);

  const part = (share: number): number => Math.floor(events.length * share);
  for (const [from, to] of [
    [part(0.4), part(0.7)],
    [part(0.2), events.length],
    [1, part(0.5)],
  ] as const) {
    const store = createRunStore(RUN_ID);
    for (const [i, event] of events.slice(0, from).entries()) takeEvent(store, parseEvent(event), i + 1);
    for (const entry of store.rounds.values()) refreshFigures(entry);
    const { head, part: partOf } = await savedRun(events.slice(0, to));
    takeAllClients(store, head, partOf);
    passOver(store, head);
    takeRounds(store, head, partOf);
    for (const event of events.slice(to)) takeEvent(store, parseEvent(event), Number.MAX_SAFE_INTEGER);
    expect(pictureOf(store), `seed ${seed}, from ${from} to ${to}`).toEqual(expected);
  }
});

/** It is written for a browser, of which these tests have no types. */
const ENGINE = new URL("../apps/map/src/engine/engine.ts", import.meta.url).href;

interface EngineModule {
  createEngine(
    address: RunAddress,
    publish: (updates: readonly Update[]) => void,
    maxReadBytes: number,
  ): { close(): void };
}

test("of a run that is too large it is told which rounds were not looked through", async () => {
  const dir = await temporaryFolder();
  await writeRun(dir, RUN_ID, syntheticRun({ runId: RUN_ID, clients: 4, rounds: 40, seed: 3 }));
  const address = { runId: RUN_ID, base: `${await serveFiles(dir)}/`, map: `${RUN_ID}.map2.json`, round: undefined };
  const told: Update[] = [];
  // As soon as anything has been read, it is enough.
  const { createEngine }: EngineModule = await import(ENGINE);
  const engine = createEngine(address, (updates) => told.push(...updates), 0);
  afterwards(() => engine.close());
  await eventually(() => {
    expect(told.findLast((update) => update.kind === "progress")).toMatchObject({
      value: 1,
      unread: { count: 24, first: 1, last: 24 },
    });
  });
});

interface SavedRun {
  readonly head: MapHead;
  part(place: MapPlace): Buffer;
}

async function savedRun(events: readonly Record<string, unknown>[]): Promise<SavedRun> {
  const dir = await temporaryFolder();
  await writeRun(dir, RUN_ID, events);
  const head = parseMapHead(await readFile(join(dir, `${RUN_ID}.map2.json`), "utf8"));
  const frames = await readFile(join(dir, `${RUN_ID}.map2`));
  return { head, part: ([offset, length]) => gunzipSync(frames.subarray(offset, offset + length)) };
}

/** Loads a run as the viewer does: from the files that are made of these events. */
async function loadRun(
  events: readonly Record<string, unknown>[],
  store: RunStore = createRunStore(RUN_ID),
): Promise<RunStore> {
  const { head, part } = await savedRun(events);
  takeHead(store, head);
  takeAllClients(store, head, part);
  takeRounds(store, head, part);
  return store;
}

function takeAllClients(store: RunStore, head: MapHead, part: SavedRun["part"]): void {
  for (const [i, place] of head.clients.parts.entries()) {
    takeClients(store, i * head.part_rows, decodeMapTable(part(place)));
  }
}

/** Takes those rounds that are in the map alone. */
function takeRounds(store: RunStore, head: MapHead, part: SavedRun["part"]): void {
  for (const entry of store.rounds.values()) {
    if (entry.columns !== undefined) continue;
    takeParts(
      store,
      entry,
      entry.places.map((place) => decodeMapPart(part(place))),
      head.position,
    );
  }
}

/** Everything that the page would show, by ids and in words. */
function pictureOf(store: RunStore): unknown {
  const ids: readonly string[] = store.clients.news()?.ids ?? [];
  const rounds = [...store.rounds.values()]
    .sort((a, b) => a.round - b.round)
    .map((entry) => {
      refreshFigures(entry);
      if (entry.columns === undefined) return { round: entry.round };
      const table = roundTable(entry.columns, isOpen(store.run, entry));
      const clients = ids.map((id, client): [string, unknown] => {
        const row = table.rowOf[client] ?? -1;
        if (row < 0) return [id, undefined];
        const fields = [...table.columns.keys()].map((name): [string, unknown] => [name, fieldOf(table, client, name)]);
        return [
          id,
          {
            status: table.status[row],
            asked: table.asked[row],
            results: table.results[row],
            fields: Object.fromEntries(fields.filter(([, value]) => value !== undefined)),
          },
        ];
      });
      return { round: entry.round, figures: entry.figures, clients: Object.fromEntries(clients) };
    });
  const { figures, notes, ...index } = overviewOf(store, []).rounds;
  return { run: store.run, rounds, index, figures: Object.fromEntries(figures), notes: Object.fromEntries(notes) };
}
