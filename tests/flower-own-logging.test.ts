import { join } from "node:path";
import {
  type Fields,
  fields,
  inRepository,
  list,
  runProgram,
  startHivewatch,
  temporaryFolder,
  until,
} from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { installEmitter } from "./support/emitter-package.ts";
import { readLines } from "./support/json.ts";
import { needFlower, needReference } from "./support/parts.ts";

/** The emitters of Python hivewatch's example for Flower, each with the same arguments. */
const EMITTERS = `
    WandbEmitter(project="hospitals", log_geo=True),
    MLflowEmitter(
        tracking_uri="http://localhost:5000",
        experiment="hospitals-mlflow",
        log_geo=True,
        mlflow_system_metrics=True,
        system_metrics_sampling_interval=5,
    ),
`;

test("a strategy that logs by itself does the same when only its import changes", async (context) => {
  const [flower, reference] = [needFlower(context), needReference(context)];
  const folder = await temporaryFolder();
  const emitter = `GeoEmitter(runs_dir=${JSON.stringify(folder)}, serve_map=False)`;
  await train(flower, { PYTHONPATH: await packagesOf(reference) }, "hivewatch", emitter, "run-theirs-0001");

  const hivewatch = await startHivewatch({ runsDir: join(folder, "ours") });
  await train(flower, ours(hivewatch.grpc), "hivewatch_bridge", emitter, "run-ours-0001");
  await hivewatch.stop();

  const theirs = await readLines(join(folder, "run-theirs-0001.jsonl"));
  expect(theirs).toHaveLength(13);
  const expected = theirs.map(known).map(withMore);
  expect((await readLines(join(folder, "ours/run-ours-0001.jsonl"))).map(known)).toEqual(expected);
});

/** What is in our files beside: a client that dropped out had been selected, and what a round has moved is a sum. */
function withMore(event: Fields): Fields {
  if (event.event_type !== "round_end") return event;
  const dropped = event.round === 2 ? 1 : 0;
  const clients = list(event.clients);
  const total_bytes_up = clients.reduce((sum, { bytes_sent }) => sum + Number(bytes_sent), 0);
  const more = { num_selected: clients.length + dropped, num_failures: dropped, total_bytes_up };
  return { ...event, round_metrics: { ...fields(event.round_metrics), ...more } };
}

test("the emitters that it declares are those of the bridge", async (context) => {
  const flower = needFlower(context);
  const cwd = await temporaryFolder();
  const [wandb, mlflow] = [await installEmitter(cwd, "wandb"), await installEmitter(cwd, "mlflow")];
  const hivewatch = await startHivewatch({ runsDir: join(cwd, "runs"), cwd });
  await train(flower, ours(hivewatch.grpc), "hivewatch_bridge", EMITTERS, "run-ours-0002");
  for (const emitter of [wandb, mlflow]) {
    await until("all rounds", async () => (await emitter.delivered("run-ours-0002")).includes("round_end 3"));
    expect(await emitter.delivered("run-ours-0002")).toHaveLength(13);
  }
  const made = async (emitter: typeof wandb) => (await emitter.made()).map(({ options }) => options);
  expect(await made(wandb)).toEqual([{ project: "hospitals", logGeo: true }]);
  expect(await made(mlflow)).toEqual([
    {
      trackingUri: "http://localhost:5000",
      experiment: "hospitals-mlflow",
      logGeo: true,
      systemMetrics: true,
      samplingIntervalSec: 5,
    },
  ]);
});

function train(python: string, env: Record<string, string>, ...args: string[]): Promise<string> {
  return runProgram(python, [inRepository("tests/python/flower_own_logging.py"), ...args], { env });
}

function ours(endpoint: string): Record<string, string> {
  return { PYTHONPATH: inRepository("python/src"), HIVEWATCH_ENDPOINT: endpoint };
}

/** Where an interpreter has its packages: Python hivewatch needs no other one. */
async function packagesOf(python: string): Promise<string> {
  const question = "import os, hivewatch; print(os.path.dirname(os.path.dirname(hivewatch.__file__)))";
  return (await runProgram(python, ["-c", question])).trim();
}

/** An event without times, without what nobody reported, and with what is the same in sums of another order. */
function known(event: Fields): Fields {
  return fields(withoutNulls(event));
}

function withoutNulls(value: unknown): unknown {
  if (typeof value === "number") return Number(value.toPrecision(12));
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([name, each]) => each !== null && !PASSING.has(name));
  return Object.fromEntries(entries.map(([name, each]) => [name, withoutNulls(each)]));
}

const PASSING: ReadonlySet<string> = new Set(["timestamp", "started_at", "run_id"]);
