import { readdir } from "node:fs/promises";
import { bridgeEmitter } from "@hivewatch/bridge";
import { createRun } from "@hivewatch/core";
import { list, soak, startHivewatch, temporaryFolder, until } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { WRITES, writeEmitter } from "./support/emitters.ts";
import { fetchJson } from "./support/json.ts";

/** Long enough to see what is left behind run by run. */
const RUNS = soak(50, 1000);
const FIRST_RUNS = 10;
/** What is open at one time and not at another, such as the connection of a client that has only just gone. */
const SLACK = 5;

test("a server holds no more files open after many runs than after a few", async (context) => {
  if (process.platform !== "linux") context.skip("what a process has open is read from /proc");
  const emitter = await writeEmitter("well", WRITES.healthy);
  const { http, grpc, program } = await startHivewatch({
    runsDir: await temporaryFolder(),
    args: ["--emit", emitter.path],
  });
  const openFiles = async (): Promise<number> => (await readdir(`/proc/${program.pid}/fd`)).length;

  await playRuns(grpc, 0, FIRST_RUNS);
  await until("the emitter to have them", async () => (await endsOf(emitter)) === FIRST_RUNS);
  const before = await openFiles();
  await playRuns(grpc, FIRST_RUNS, RUNS);
  await until("the emitter to have all", async () => (await endsOf(emitter)) === RUNS);
  expect(list(await fetchJson(`${http}/runs`))).toHaveLength(RUNS);
  await until("as few open files as before", async () => (await openFiles()) <= before + SLACK);
  console.info(`open files: ${before} after ${FIRST_RUNS} runs, ${await openFiles()} after ${RUNS}`);
});

async function playRuns(grpc: string, from: number, to: number): Promise<void> {
  for (let i = from; i < to; i++) {
    const run = createRun({ runId: `run-${i}`, emitters: [bridgeEmitter({ endpoint: grpc })] });
    for (let client = 0; client < 10; client++)
      run.logClientUpdate(`client-${client}`, { round: 0, local_loss: client });
    run.logRound(0);
    expect(await run.finish()).toBe(true);
  }
}

async function endsOf({ taken }: { taken(): Promise<Record<string, unknown>[]> }): Promise<number> {
  return (await taken()).filter(({ event_type }) => event_type === "emitter_finished").length;
}
