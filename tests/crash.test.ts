import { join } from "node:path";
import { expect, test } from "vitest";
import { type EventStream, readStream } from "./support/event-stream.ts";
import { startHivewatch } from "./support/hivewatch.ts";
import { type Fields, fetchJson, list, readJson, readLines } from "./support/json.ts";
import { seededRandom } from "./support/seeded-random.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";
import { startTraining } from "./support/training.ts";
import { until } from "./support/until.ts";

const RUN_ID = "run-crash-0001";
const KILLS = 4;
const EVENTS_PER_ROUND = 300;

test("a server that is killed again and again loses nothing, and tells nothing twice", async () => {
  const random = seededRandom();
  let hivewatch = await startHivewatch({ runsDir: await temporaryFolder() });
  const run = startTraining(hivewatch.grpc, { runId: RUN_ID, maxQueue: Number.POSITIVE_INFINITY });
  const streams: EventStream[] = [];
  let logged = 0;
  const playRound = (): void => {
    const round = logged / EVENTS_PER_ROUND;
    for (let i = 0; i < EVENTS_PER_ROUND; i++) run.logClientUpdate(`client-${i % 7}`, { round, local_loss: logged++ });
    run.logRound(round);
  };

  for (let kill = 0; kill < KILLS; kill++) {
    // The stream is left where the server dies, and the next one goes on from there.
    const stream = await readStream(
      `${hivewatch.http}/stream?run_id=${RUN_ID}&batch=${kill % 2}`,
      streams.at(-1)?.lastId,
    );
    streams.push(stream);
    const enough = Math.floor(random() * 2 * EVENTS_PER_ROUND);
    await until("some more events", () => {
      if (stream.events.length > enough) return true;
      playRound();
      return undefined;
    });
    playRound();
    await hivewatch.kill();
    await stream.ended;
    playRound();
    hivewatch = await hivewatch.restart();
  }
  expect(await run.finish({ timeoutMs: 60_000 })).toBe(true);
  const last = await readStream(`${hivewatch.http}/stream?run_id=${RUN_ID}`, streams.at(-1)?.lastId);
  await last.finished();

  const expected = ["init", ...sequence(logged), "finished"];
  expect([...streams, last].flatMap(({ events }) => events).map(inShort)).toEqual(expected);
  expect(list(await fetchJson(`${hivewatch.http}/runs/${RUN_ID}/events`)).map(inShort)).toEqual(expected);
  await hivewatch.stop();
  const file = join(hivewatch.runsDir, RUN_ID);
  expect((await readLines(`${file}.jsonl`)).map(inShort)).toEqual(expected);
  expect(list((await readJson(`${file}.map.json`)).rounds)).toHaveLength(logged / EVENTS_PER_ROUND);
});

function sequence(logged: number): (string | number)[] {
  return Array.from({ length: logged }, (_, i) =>
    (i + 1) % EVENTS_PER_ROUND === 0 ? [i, `round_end ${Math.floor(i / EVENTS_PER_ROUND)}`] : [i],
  ).flat();
}

function inShort({ event_type: type, round, clients }: Fields): unknown {
  if (type === "client_update") return list(clients)[0]?.local_loss;
  return type === "round_end" ? `round_end ${round}` : type;
}
