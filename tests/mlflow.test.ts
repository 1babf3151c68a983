import { randomUUID } from "node:crypto";
import { mlflowEmitter } from "@hivewatch/emitter-mlflow";
import { fields, list, startCommand, startHivewatch, temporaryFolder, until } from "@hivewatch/test-support";
import { emitterSuite } from "@hivewatch/testkit";
import { beforeAll, describe, expect, it, test, vi } from "vitest";
import { fetchJson, readLines } from "./support/json.ts";
import { type Mlflow, type StoredRun, startMlflow, storedRuns } from "./support/mlflow.ts";
import { expectMetrics, millisOf } from "./support/mlflow-expected.ts";
import { findMlflow, needMlflow } from "./support/parts.ts";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

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

describe("the suite of every emitter, at a real server", () => {
  emitterSuite({
    test: {
      describe,
      it(name, body) {
        it(name, async (context) => {
          urlFor(context);
          await body();
        });
      },
    },
    create: () => mlflowEmitter({ trackingUri: server?.url, experiment: randomUUID() }),
  });
});

/** The MLflow run of a run, once it has ended. */
function endedRun(url: string, runId: string): Promise<StoredRun> {
  return until(`run ${runId} in MLflow, with its end`, async () => {
    const runs = await storedRuns(url, runId);
    expect(runs.length).toBeLessThan(2);
    return runs.find(({ status }) => status !== "RUNNING");
  });
}

test("a run that is emitted is in MLflow, round by round, with its end", async (context) => {
  const url = urlFor(context);
  const runsDir = await temporaryFolder();
  const env = { MLFLOW_TRACKING_URI: url, MLFLOW_EXPERIMENT_NAME: "clinics" };
  const { grpc, http } = await startHivewatch({ runsDir, args: ["--emit", "mlflow"], env });
  const flags = ["--pace", "max", "--rounds", "8", "--clients", "6", "--endpoint", grpc];
  const demo = await startCommand(["demo", ...flags]);
  expect(await demo.exited).toEqual({ code: 0, signal: null });
  const [listing] = list(await fetchJson(`${http}/runs`));
  const runId = String(listing?.run_id);
  const run = await endedRun(url, runId);
  expect(run).toMatchObject({ name: runId, status: "FINISHED" });
  const lines = await until("its file", async () => {
    const read = await readLines(`${runsDir}/${runId}.jsonl`).catch(() => []);
    return read.at(-1)?.event_type === "finished" ? read : undefined;
  });
  for (const [name, value] of Object.entries(fields(lines[0]?.config))) {
    expect(run.params.get(name)).toBe(typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  expect(run.startTime).toBe(millisOf(lines[0]?.started_at));
  expect(run.endTime).toBe(millisOf(lines.at(-1)?.timestamp));
  expectMetrics(run, lines);
});
