import { open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Program, soak, startHivewatch, temporaryFolder } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { residentMegabytes } from "./support/memory.ts";
import { needFlower } from "./support/parts.ts";
import { startPythonClient } from "./support/python-client.ts";

/** Of 1,000 clients each, with a start and an end. */
const ROUNDS = soak(600, 10_000);
const ROUND_EVENTS = 1002;
/** After these the server has all that it needs for any run. */
const FIRST_ROUNDS = soak(300, 2000);
/**
 * More than the collector of garbage is early or late by, and far less than if each event left anything behind: in the long
 * form, 8 million events later, seven bytes for each.
 */
const NOISE_MEGABYTES = soak(80, 60);
const LOOK_MS = 100;

test("a server needs no more memory late in a long run than early", async (context) => {
  const python = needFlower(context);
  if (process.platform !== "linux") context.skip("what a process has of the memory is read from /proc");
  const { grpc, program, runsDir } = await startHivewatch({ runsDir: await temporaryFolder() });
  const client = startPythonClient(python, "log_rounds.py", grpc, String(ROUNDS), String(FIRST_ROUNDS));
  let hasFailed = false;
  void client.exited.then(({ code }) => {
    hasFailed = code !== 0;
  });
  const most = (rounds: number): Promise<number> =>
    mostMegabytes(program, async () => hasFailed || (await eventsInFiles(runsDir)) >= rounds * ROUND_EVENTS);
  const early = await most(FIRST_ROUNDS);
  client.say("go on");
  const late = await most(ROUNDS);
  expect(await client.exited, client.stderr()).toEqual({ code: 0, signal: null });
  expect(client.stdout()).toBe("durable: True\n");
  console.info(
    `memory: ${Math.round(early)} MB up to ${FIRST_ROUNDS}k events, ${Math.round(late)} MB up to ${ROUNDS}k`,
  );
  expect(late - early).toBeLessThan(NOISE_MEGABYTES);
});

/** The most that a program has until something is so. */
async function mostMegabytes(program: Program, isOver: () => Promise<boolean>): Promise<number> {
  let most = 0;
  do {
    most = Math.max(most, await residentMegabytes(program));
    await sleep(LOOK_MS);
  } while (!(await isOver()));
  return most;
}

/** How many events the run's files tell of: the head of its map says so at its beginning. */
async function eventsInFiles(runsDir: string): Promise<number> {
  const head = await open(join(runsDir, "run-rounds-0001.map2.json")).catch(() => undefined);
  if (head === undefined) return 0;
  try {
    const { buffer, bytesRead } = await head.read(Buffer.alloc(4096), 0, 4096, 0);
    return Number(/"num_events":(\d+)/.exec(buffer.toString("utf8", 0, bytesRead))?.[1] ?? 0);
  } finally {
    await head.close();
  }
}
