import { openRunStore, packEvents, type RunStore } from "@hivewatch/runs";
import {
  type EventStream,
  type Fields,
  newSeed,
  type Random,
  randomFrom,
  readStream,
  soak,
  temporaryFolder,
  until,
} from "@hivewatch/test-support";
import { expect, onTestFinished, test } from "vitest";
import { type MapServer, startMapServer } from "../src/index.ts";
import { readRaw } from "./support/raw-stream.ts";
import { finished, init, numbers, numbersOf, startTestServer, updates } from "./support/test-server.ts";

/** A reader that goes away at random moments, and goes on where it was. */
interface Wanderer {
  readonly events: Fields[];
  readonly visits: number;
}

/** @param isDone - whether the reader has seen enough to go home */
async function wander(
  urlOf: () => string,
  random: Random,
  isDone: (events: readonly Fields[]) => boolean,
  firstId?: string,
): Promise<Wanderer> {
  const events: Fields[] = [];
  let lastId = firstId;
  let visits = 0;
  while (!isDone(events)) {
    const stream = await readStream(urlOf(), lastId).catch(() => undefined);
    if (stream === undefined) continue; // the server is away
    visits++;
    const enough = random.below(400);
    let left = 1 + random.below(30);
    await until(
      "some events",
      () => stream.events.length >= enough || isDone([...events, ...stream.events]) || hasEnded(stream) || --left === 0,
    );
    stream.close();
    events.push(...stream.events);
    lastId = stream.lastId;
  }
  return { events, visits };
}

const ended = new WeakSet<EventStream>();
function hasEnded(stream: EventStream): boolean {
  void stream.ended.then(() => ended.add(stream));
  return ended.has(stream);
}

function isOver(events: readonly Fields[]): boolean {
  return events.some(({ event_type: type }) => type === "finished");
}

function inShort({ event_type: type, clients }: Fields): unknown {
  return Array.isArray(clients) ? clients[0]?.local_loss : type;
}

async function loggedIn(store: RunStore, runId: string): Promise<unknown[]> {
  const logged: unknown[] = [];
  for await (const { entries } of store.read(runId)) logged.push(...entries.map(({ event }) => inShort({ ...event })));
  return logged;
}

test("what readers see who come and go, in any form, is the log, also over restarts of the server", async () => {
  const random = randomFrom(newSeed());
  const runIds = ["a", "b", "c"];
  const { store, write, server: first } = await startTestServer();
  let server: MapServer = first;
  onTestFinished(() => server.close());
  for (const runId of runIds) await write([init(runId)]);

  const ofOne = runIds.flatMap((runId) =>
    ["", "&batch=1"].map(async (form) => {
      const { events, visits } = await wander(() => `${server.url}/stream?run_id=${runId}${form}`, random, isOver);
      return { runId, seen: events.map(inShort), visits };
    }),
  );
  const areOver = (events: readonly Fields[]): boolean =>
    events.filter(({ event_type: type }) => type === "finished").length === runIds.length;
  const ofAll: Promise<Wanderer>[] = [];
  for (const form of ["", "?batch=1"]) {
    const urlOf = (): string => `${server.url}/stream${form}`;
    const stream = await readStream(urlOf());
    await stream.note("connected");
    stream.close();
    ofAll.push(wander(urlOf, random, areOver, stream.lastId));
  }

  const written = new Map(runIds.map((runId) => [runId, 0]));
  for (let step = 0; step < soak(80, 400); step++) {
    const runId = runIds[random.below(runIds.length)] ?? "a";
    const count = 1 + random.below(random.below(10) === 0 ? 3000 : 50);
    const from = written.get(runId) ?? 0;
    await write(updates(count, from, runId));
    written.set(runId, from + count);
    if (step % 30 !== 29) continue;
    const { port } = server;
    await server.close();
    server = await startMapServer({ store, port });
  }
  for (const runId of runIds) await write([finished(runId)]);

  for (const { runId, seen, visits } of await Promise.all(ofOne)) {
    expect(seen).toEqual(await loggedIn(store, runId));
    expect(visits).toBeGreaterThan(1);
  }
  for (const { events } of await Promise.all(ofAll)) {
    for (const runId of runIds) {
      const seen = events.filter((each) => each.run_id === runId && each.mode !== "live").map(inShort);
      // The init was there before.
      expect(seen).toEqual((await loggedIn(store, runId)).slice(1));
    }
  }
});

test("whoever begins while events are being appended sees them all, and each once", async () => {
  const random = randomFrom(newSeed());
  const { url, write } = await startTestServer();
  await write(updates(1));
  const readers: Promise<void>[] = [];
  let written = 1;
  const total = 4000;
  async function join(): Promise<void> {
    const from = random.below(2) === 0 ? undefined : random.below(written);
    const stream = await readStream(`${url}/stream?run_id=r&batch=${random.below(2)}`, from?.toString());
    expect(numbersOf(await stream.atLeast(total - (from ?? 0)))).toEqual(numbers(total - (from ?? 0), from));
    stream.close();
  }
  while (written < total) {
    if (random.below(3) === 0) readers.push(join());
    const count = Math.min(total - written, 1 + random.below(40));
    await write(updates(count, written));
    written += count;
    if (random.below(3) === 0) readers.push(join());
  }
  await Promise.all(readers);
});

test("300 subscribers get the same bytes, and the run is read for them once", async () => {
  const { store, write } = await startTestServer();
  await write([init(), ...updates(5000)]);
  const reads: (number | undefined)[] = [];
  const counting: RunStore = {
    ...store,
    read(runId, options) {
      reads.push(options?.from);
      return store.read(runId, options);
    },
  };
  const server = await startMapServer({ store: counting, port: 0 });
  onTestFinished(() => server.close());
  const url = `${server.url}/stream?run_id=r&batch=1`;
  const streams = await Promise.all(Array.from({ length: 300 }, () => readRaw(url)));
  for (const stream of streams) await stream.has("caught_up");
  // One follows the run, and one reads what was there before.
  expect(reads.length).toBeLessThanOrEqual(3);
  for (let i = 0; i < 20; i++) await write(updates(50, 5000 + i * 50));
  await write([finished()]);
  for (const stream of streams) await stream.has("stream_end");
  expect(new Set(streams.map((stream) => stream.text())).size).toBe(1);
  expect(reads.length).toBeLessThanOrEqual(3);
});

test("a burst of 100,000 events reaches those who follow", async () => {
  const { url, write } = await startTestServer();
  await write([init()]);
  const streams = await Promise.all(["", "&batch=1"].map((form) => readStream(`${url}/stream?run_id=r${form}`)));
  for (const stream of streams) await stream.note("caught_up");
  await write(updates(100_000));
  for (const stream of streams) {
    const seen = numbersOf(await stream.atLeast(100_001));
    expect(seen).toHaveLength(100_000);
    expect(seen.every((number, i) => number === i)).toBe(true);
  }
});

test.each(["", "&batch=1"])("is compressed for whoever takes it, from the first byte on (%j)", async (form) => {
  const { url, write } = await startTestServer();
  await write([init(), ...updates(2500)]);
  const path = `${url}/stream?run_id=r${form}`;
  const plain = await readRaw(path);
  const packed = await readRaw(path, { "Accept-Encoding": "gzip, deflate, br" });
  expect(packed.response.headers).toMatchObject({ "content-encoding": "gzip", vary: "Accept-Encoding" });
  for (const stream of [plain, packed]) await stream.has("caught_up");
  for (let i = 0; i < 5; i++) await write(updates(20, 2500 + i * 20));
  const late = await readRaw(path, { "Accept-Encoding": "gzip", "Last-Event-ID": "2550" });
  await write([finished()]);
  for (const stream of [plain, packed, late]) await stream.has("stream_end");
  expect(packed.text()).toBe(plain.text());
  expect(late.text().match(/local_loss":(\d+)/g)).toEqual(numbers(51, 2549).map((number) => `local_loss":${number}`));
});

test("says when a run has ended and all of it was sent, and again if it goes on and ends", async () => {
  const { url, write } = await startTestServer();
  await write([init(), ...updates(1)]);
  const early = await readStream(`${url}/stream?run_id=r`);
  await early.note("caught_up");
  await write([finished()]);
  await early.note("stream_end");
  const late = await readStream(`${url}/stream?run_id=r&batch=1`);
  await late.note("stream_end");
  const resumed = await readStream(`${url}/stream?run_id=r`, late.lastId);
  await resumed.note("stream_end");
  await write([init(), ...updates(1, 1)]);
  await write([finished()]);
  const typesOf = ({ frames }: EventStream): unknown[] =>
    frames.flatMap(({ events }) => events.map((each) => each.event_type));
  const again = ["init", "client_update", "finished", "stream_end"];
  for (const stream of [early, late, resumed]) {
    await until("the second end", () => typesOf(stream).filter((type) => type === "stream_end").length === 2);
  }
  expect(typesOf(early)).toEqual([
    ...["connected", "init", "client_update", "caught_up", "finished", "stream_end"],
    ...again,
  ]);
  expect(typesOf(late)).toEqual([
    ...["connected", "init", "client_update", "finished", "caught_up", "stream_end"],
    ...again,
  ]);
  expect(typesOf(resumed)).toEqual(["connected", "caught_up", "stream_end", ...again]);
});

test("follows a log that another process writes, while it is read from several places", async () => {
  const dir = await temporaryFolder();
  const writing = openRunStore({ dir });
  const log = await writing.openLog("r");
  onTestFinished(() => log.close());
  const { url } = await startTestServer({ dir });
  for (let i = 0; i < 10; i++) {
    const firstSeq = log.highWaterMark("p", 1n);
    for (const batch of packEvents(updates(7, i * 7), { runId: "r", producerId: "p", producerEpoch: 1n, firstSeq })) {
      await log.append(batch);
    }
    const stream = await readStream(`${url}/stream?run_id=r`, String(i));
    expect(numbersOf(await stream.atLeast(7 * (i + 1) - i))).toEqual(numbers(7 * (i + 1) - i, i));
  }
});
