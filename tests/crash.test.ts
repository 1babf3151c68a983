import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { openRunStore } from "@hivewatch/runs";
import {
  type EventStream,
  type Fields,
  list,
  newSeed,
  randomFrom,
  readStream,
  soak,
  startHivewatch,
  temporaryFolder,
  until,
} from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { eachLine, fetchEach, readJson } from "./support/json.ts";
import { startTraining } from "./support/training.ts";

const RUN_ID = "run-crash-0001";
const KILLS = soak(6, 200);
const EVENTS_PER_ROUND = 300;
const MOST_AWAITED = 4000;
/** Enough of them that a kill comes in the middle of many. */
const MOST_QUEUED = 2000;

test("a server that is killed again and again loses nothing that it acknowledged, and tells nothing twice", async () => {
  const random = randomFrom(newSeed());
  let hivewatch = await startHivewatch({ runsDir: await temporaryFolder() });
  const { http, grpc, runsDir } = hivewatch;
  const run = startTraining(grpc, { runId: RUN_ID, maxQueue: Number.POSITIVE_INFINITY });
  // There from now on, so that the first stream begins at once, and the first kill can come early.
  await run.stored();
  const sent = (): { delivered: number; queued: number } => run.stats[0] ?? { delivered: 0, queued: 0 };
  const streams: EventStream[] = [];
  let logged = 0;
  const playRound = (): void => {
    const round = logged / EVENTS_PER_ROUND;
    for (let i = 0; i < EVENTS_PER_ROUND; i++) run.logClientUpdate(`client-${i % 7}`, { round, local_loss: logged++ });
    run.logRound(round);
  };

  for (let kill = 0; kill < KILLS; kill++) {
    // The stream is left where the server dies, and the next one goes on from there.
    const stream = await readStream(`${http}/stream?run_id=${RUN_ID}&batch=${kill % 2}`, streams.at(-1)?.lastId);
    streams.push(stream);
    const acknowledged = sent().delivered + 1 + random.below(MOST_AWAITED);
    const streamed = 1 + random.below(2 * EVENTS_PER_ROUND);
    await until("some more events", () => {
      if (sent().delivered >= acknowledged && stream.events.length >= streamed) return true;
      if (sent().queued < MOST_QUEUED) playRound();
      return undefined;
    });
    playRound();
    expect(await hivewatch.kill()).toEqual({ code: null, signal: "SIGKILL" });
    await stream.ended;
    playRound();
    const stored = await storedIn(runsDir);
    expect(stored).toEqual(["init", ...sequence(logged)].slice(0, stored.length));
    expect(stored.length).toBeGreaterThanOrEqual(sent().delivered);
    hivewatch = await hivewatch.restart();
    expect(hivewatch).toMatchObject({ http, grpc });
  }
  expect(await run.finish({ timeoutMs: 200_000 })).toBe(true);
  const last = await readStream(`${http}/stream?run_id=${RUN_ID}`, streams.at(-1)?.lastId);
  await last.finished();

  const expected = ["init", ...sequence(logged), "finished"];
  expect([...streams, last].flatMap(({ events }) => events).map(inShort)).toEqual(expected);
  expect(await allInShort(fetchEach(`${http}/runs/${RUN_ID}/events`))).toEqual(expected);
  expect(await hivewatch.stop()).toEqual({ code: 0, signal: null });
  expect(await storedIn(runsDir)).toEqual(expected);
  const file = join(runsDir, RUN_ID);
  expect(await allInShort(eachLine(`${file}.jsonl`))).toEqual(expected);
  expect(list((await readJson(`${file}.map.json`)).rounds)).toHaveLength(logged / EVENTS_PER_ROUND);
  // What was half written whenever it was killed is gone, too.
  expect((await readdir(runsDir)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

/** The events of the run's log, as they stand on the disk. */
async function storedIn(runsDir: string): Promise<unknown[]> {
  const stored: unknown[] = [];
  for await (const { entries } of openRunStore({ dir: runsDir }).read(RUN_ID)) {
    stored.push(...entries.map(({ event }) => inShort(event)));
  }
  return stored;
}

function sequence(logged: number): (string | number)[] {
  return Array.from({ length: logged }, (_, i) =>
    (i + 1) % EVENTS_PER_ROUND === 0 ? [i, `round_end ${Math.floor(i / EVENTS_PER_ROUND)}`] : [i],
  ).flat();
}

async function allInShort(events: AsyncIterable<Fields>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const event of events) all.push(inShort(event));
  return all;
}

function inShort({ event_type: type, round, clients }: Fields): unknown {
  if (type === "client_update") return list(clients)[0]?.local_loss;
  return type === "round_end" ? `round_end ${round}` : type;
}
