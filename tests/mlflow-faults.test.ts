import { setTimeout as sleep } from "node:timers/promises";
import { createRun } from "@hivewatch/core";
import { mlflowEmitter } from "@hivewatch/emitter-mlflow";
import { newSeed, randomFrom, soak } from "@hivewatch/test-support";
import { beforeAll, expect, test, vi } from "vitest";
import { startCuttingProxy } from "./support/cutting-proxy.ts";
import { type Mlflow, startMlflow, storedRuns } from "./support/mlflow.ts";
import { expectKnownRounds, logKnownRound } from "./support/mlflow-training.ts";
import { findMlflow, needMlflow } from "./support/parts.ts";

vi.setConfig({ testTimeout: 600_000, hookTimeout: 300_000 });

let server: Mlflow | undefined;

beforeAll(async () => {
  const python = findMlflow();
  if (python !== undefined) server = await startMlflow(python);
});

/** The server of this file, or the test is skipped. */
function urlFor(context: Parameters<typeof needMlflow>[0]): string {
  needMlflow(context);
  return server?.url ?? "";
}

test("behind a way on which connections are cut at random, all is there once", async (context) => {
  const url = urlFor(context);
  const trained = { rounds: soak(40, 1000), clients: 5 };
  const proxy = await startCuttingProxy(url, randomFrom(newSeed()), 4);
  const emitters = [mlflowEmitter({ trackingUri: proxy.url })];
  const run = createRun({ emitters, maxQueue: Number.POSITIVE_INFINITY });
  for (let round = 0; round < trained.rounds; round++) {
    logKnownRound(run, round, trained.clients);
    // So that there are many requests.
    await sleep(20);
  }
  proxy.heal();
  expect(await run.finish({ timeoutMs: 300_000 })).toBe(true);
  expect(proxy.cuts).toBeGreaterThan(0);
  const runs = await storedRuns(url, run.runId);
  expect(runs).toHaveLength(1);
  expect(runs[0]?.status).toBe("FINISHED");
  for (const stored of runs) expectKnownRounds(stored, trained);
});
