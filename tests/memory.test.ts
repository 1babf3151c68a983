import { setTimeout as sleep } from "node:timers/promises";
import { soak, startHivewatch, temporaryFolder } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { residentMegabytes } from "./support/memory.ts";
import { needFlower } from "./support/parts.ts";
import { startPythonClient } from "./support/python-client.ts";

/** Of 1,000 events each. */
const ROUNDS = soak(1000, 10_000);
/** After these the server has all that it needs for any run. */
const FIRST_ROUNDS = soak(500, 2000);
/** Far more than the collector of garbage is early or late by, and far less than if each event left anything behind. */
const NOISE_MEGABYTES = 80;
const LOOK_MS = 100;

test("a server needs no more memory late in a long run than early", { timeout: 3_600_000 }, async (context) => {
  const python = needFlower(context);
  if (process.platform !== "linux") context.skip("what a process has of the memory is read from /proc");
  const { grpc, program } = await startHivewatch({ runsDir: await temporaryFolder() });
  const client = startPythonClient(python, "log_rounds.py", grpc, String(ROUNDS), String(FIRST_ROUNDS));
  const ended = client.exited.then(() => true);
  let [early, late] = [0, 0];
  do {
    const now = await residentMegabytes(program);
    if (client.stdout().includes("part")) late = Math.max(late, now);
    else early = Math.max(early, now);
  } while (!(await Promise.race([sleep(LOOK_MS, false), ended])));
  expect(client.stdout()).toContain("durable: True");
  console.info(
    `memory: ${Math.round(early)} MB up to ${FIRST_ROUNDS}k events, ${Math.round(late)} MB up to ${ROUNDS}k`,
  );
  expect(late - early).toBeLessThan(NOISE_MEGABYTES);
});
