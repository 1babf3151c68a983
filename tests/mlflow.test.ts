import { randomBytes, randomUUID } from "node:crypto";
import { cp, mkdir, truncate, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { createRun } from "@hivewatch/core";
import { mlflowEmitter } from "@hivewatch/emitter-mlflow";
import {
  fields,
  inRepository,
  list,
  runCommand,
  runProgram,
  soak,
  startCommand,
  startHivewatch,
  startProgram,
  temporaryFolder,
  until,
} from "@hivewatch/test-support";
import { emitterSuite } from "@hivewatch/testkit";
import { describe, expect, it, test } from "vitest";
import { fetchJson, readLines } from "./support/json.ts";
import {
  artifactOf,
  askMlflow,
  loggedModelOf,
  type StoredRun,
  serverOfFile,
  startMlflow,
  storedRuns,
} from "./support/mlflow.ts";
import { expectMetrics, millisOf } from "./support/mlflow-expected.ts";
import { needFlower, needMlflow } from "./support/parts.ts";
import { startTraining } from "./support/training.ts";
import { logVariedRun } from "./support/varied-run.ts";

const urlFor = serverOfFile();

describe("the suite of every emitter, at a real server", () => {
  let trackingUri: string;
  emitterSuite({
    test: {
      describe,
      it(name, body) {
        it(name, async (context) => {
          trackingUri = urlFor(context);
          await body();
        });
      },
    },
    create: () => mlflowEmitter({ trackingUri, experiment: randomUUID() }),
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

test("the example is in MLflow with its rounds, clinics, dropouts and models", async (context) => {
  const url = urlFor(context);
  const python = needFlower(context);
  const checkpoints = join(await temporaryFolder(), "checkpoints");
  const hivewatch = await startHivewatch({
    runsDir: await temporaryFolder(),
    args: ["--emit", "mlflow"],
    env: {
      MLFLOW_TRACKING_URI: url,
      HIVEWATCH_MLFLOW_CHECKPOINT_DIR: checkpoints,
      HIVEWATCH_MLFLOW_LOG_MODELS: "true",
      HIVEWATCH_MLFLOW_REGISTER_MODEL: "clinics",
    },
  });
  const env = { HIVEWATCH_ENDPOINT: hivewatch.grpc, PYTHONPATH: inRepository("python/src") };
  const args = ["train.py", "--checkpoints", checkpoints];
  await runProgram(python, args, { cwd: inRepository("examples/mlflow"), env });

  const [{ run_id: runId } = {}] = list(await fetchJson(`${hivewatch.http}/runs`));
  const run = await endedRun(url, String(runId));
  expect(run.status).toBe("FINISHED");
  const rounds = Array.from({ length: 12 }, (_, index) => index + 1);
  const steps = (key: string) => (run.metrics.get(key) ?? []).map(({ step }) => step).sort((a, b) => a - b);
  expect(steps("round/loss")).toEqual(rounds);
  expect(steps("client/turku/loss")).toEqual(rounds);
  expect(steps("client/porto/accuracy")).toEqual(rounds.filter((round) => round % 5 !== 0));
  expect(run.metrics.get("event/client_dropouts")?.at(-1)?.value).toBe(2);
  const losses = (run.metrics.get("round/loss") ?? []).map(({ value }) => value);
  expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);
  const models = await until("its models", async () => {
    // MLflow leaves out what is empty.
    const found = list((await askMlflow(url, "model-versions/search")).model_versions ?? []);
    const ofRun = found.filter(({ run_id: id }) => id === run.id);
    return ofRun.length === 3 ? ofRun : undefined;
  });
  expect(models.map(({ name, status }) => `${name} ${status}`)).toEqual(Array(3).fill("clinics READY"));
  const { outputs } = fields((await askMlflow(url, `runs/get?run_id=${run.id}`)).run);
  expect(
    list(fields(outputs).model_outputs)
      .map(({ step }) => Number(step))
      .sort((a, b) => a - b),
  ).toEqual([4, 8, 12]);
});

test("tables, long values, data sets and checkpoints are artifacts of the run, each whole", async (context) => {
  const url = urlFor(context);
  const checkpointDir = await temporaryFolder();
  const weights = randomBytes(3_000_000);
  await writeFile(join(checkpointDir, "round 1#best.bin"), weights);
  await mkdir(join(checkpointDir, "adapter"));
  for (const name of ["done", "part.bin"]) await writeFile(join(checkpointDir, "adapter", name), name.slice(4));
  const said: string[] = [];
  const options = { trackingUri: url, checkpointDir, registerModel: "clinics-model", logGeo: true };
  const config = { dataset: "mnist", prompt: "x".repeat(7000) };
  const run = createRun({ config, emitters: [mlflowEmitter(options)], onDiagnostic: (message) => said.push(message) });
  run.logClientUpdate("a", { round: 1, lat: 52.5, lng: 13.4, city: "Berlin" });
  run.logDropout(1, "b/c", "out of memory");
  run.logCheckpoint(1, "round 1#best.bin");
  run.logCheckpoint(1, "round 1#best.bin");
  run.logCheckpoint(2, "adapter");
  run.logCheckpoint(1, "/etc/passwd");
  run.logCheckpoint(1, "../elsewhere.bin");
  expect(await run.finish({ timeoutMs: 120_000 })).toBe(false);
  expect(run.stats[0]).toMatchObject({ refused: 2 });
  expect(said.join("\n")).toMatch(/refused 2 events: a checkpoint is not sent: \/etc\/passwd is not in /);
  const stored = await endedRun(url, run.runId);
  const read = (path: string): Promise<Buffer> => artifactOf(url, stored.id, path);
  expect((await read("checkpoints/round_0001/round 1_x23_best.bin")).equals(weights)).toBe(true);
  expect((await read("checkpoints/round_0002/adapter/part.bin")).toString()).toBe(".bin");
  expect(await read("checkpoints/round_0002/adapter/done")).toHaveLength(0);
  expect(JSON.parse((await read("config.json")).toString())).toEqual({ algorithm: "FedAvg", ...config });
  expect(JSON.parse((await read("dropouts.json")).toString()).data).toMatchObject([
    [1, expect.any(String), "dropout", "b/c", "out of memory"],
  ]);
  expect((await read("locations.json")).toString()).toContain('["a",52.5,13.4,"Berlin",null]');
  const versions = list((await askMlflow(url, "model-versions/search")).model_versions);
  const artifacts = fields(fields((await askMlflow(url, `runs/get?run_id=${stored.id}`)).run).info).artifact_uri;
  const ofModel = versions.filter(({ name }) => name === "clinics-model");
  expect(ofModel.map(({ run_id: id, source }) => [id, source]).sort()).toEqual([
    [stored.id, `${artifacts}/checkpoints/round_0001`],
    [stored.id, `${artifacts}/checkpoints/round_0002`],
  ]);
  const { inputs } = fields((await askMlflow(url, `runs/get?run_id=${stored.id}`)).run);
  expect(list(fields(inputs).dataset_inputs).map(({ dataset }) => fields(dataset).name)).toEqual(["mnist"]);
});

const MB = 1e6;
const LARGE = soak(200, 2000) * MB;

test("a large checkpoint takes no memory on its way", async (context) => {
  const url = urlFor(context);
  const checkpointDir = await temporaryFolder();
  const path = join(checkpointDir, "large.bin");
  await writeFile(path, "");
  await truncate(path, LARGE);
  const emitters = [mlflowEmitter({ trackingUri: url, checkpointDir })];
  const run = createRun({ emitters });
  run.logRound(1, { global_loss: 1 });
  await until("the run", () => run.stats[0]?.queued === 0);
  const before = process.memoryUsage.rss();
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 10);
  run.logCheckpoint(1, "large.bin");
  // Whether all of it is there is checked by the emitter.
  expect(await run.finish({ timeoutMs: 240_000 })).toBe(true);
  clearInterval(watch);
  console.info(`${LARGE / MB} MB were sent with ${Math.round((most - before) / MB)} MB`);
  expect(most - before).toBeLessThan(LARGE / 2);
});

/** A folder with a saved run of ours, or of Python hivewatch. */
async function savedRun(whose: string): Promise<{ runsDir: string; runId: string }> {
  const runsDir = await temporaryFolder();
  if (whose === "Python hivewatch") {
    await cp(inRepository("tests/fixtures/python-hivewatch-0.2.1"), runsDir, { recursive: true });
    return { runsDir, runId: "run-saved-0001" };
  }
  const hivewatch = await startHivewatch({ runsDir });
  const run = startTraining(hivewatch.grpc);
  await logVariedRun(run);
  await hivewatch.stop();
  return { runsDir, runId: run.runId };
}

test.for(["ours", "Python hivewatch"])(
  "a saved run of %s is sent by replay; sent again, nothing is doubled",
  async (whose, context) => {
    const url = urlFor(context);
    const { runsDir, runId } = await savedRun(whose);
    const env = { MLFLOW_TRACKING_URI: url };
    const replay = (...flags: string[]) =>
      runCommand(["replay", runId, "--to", "mlflow", "--runs-dir", runsDir, ...flags], env);
    expect(await replay()).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^\d+ events of .* sent to mlflow\.\n$/),
    });
    const first = await endedRun(url, runId);
    expectMetrics(first, await readLines(`${runsDir}/${runId}.jsonl`));
    expect(await replay()).toMatchObject({ code: 0, stderr: expect.stringContaining("has all of") });
    expect(await replay("--again")).toMatchObject({ code: 0 });
    expect(await endedRun(url, runId)).toEqual(first);
  },
);

test("a replay at the pace of the run waits where it did, and can be finished at once", async (context) => {
  const url = urlFor(context);
  const runsDir = await temporaryFolder();
  const hivewatch = await startHivewatch({ runsDir });
  const run = startTraining(hivewatch.grpc);
  run.logRound(1, { global_loss: 0.5 });
  const later = new Date(Date.now() + 3_600_000).toISOString();
  run.logEvent("round_end", { round: 2, round_metrics: { global_loss: 0.25 }, timestamp: later });
  await run.finish({ timeoutMs: 120_000 });
  await hivewatch.stop();
  const env = { MLFLOW_TRACKING_URI: url };
  const flags = ["replay", run.runId, "--to", "mlflow", "--runs-dir", runsDir];
  const slow = await startCommand([...flags, "--pace", "real"], env);
  const losses = async () =>
    (await storedRuns(url, run.runId))[0]?.metrics.get("round/loss")?.map(({ value }) => value);
  expect(await until("the first round", losses)).toEqual([0.5]);
  slow.signal("SIGINT");
  expect(await slow.exited).toMatchObject({ code: 1 });
  expect(slow.stderr()).toMatch(/Broken off after \d+ events\. The same command goes on from there\./);
  expect(await losses()).toEqual([0.5]);
  expect(await runCommand(flags, env)).toMatchObject({ code: 0 });
  expect(await losses()).toEqual([0.5, 0.25]);
  expect((await endedRun(url, run.runId)).status).toBe("FINISHED");
});

test("MLflow keeps of our run what it keeps of the same one by its own client", async (context) => {
  const url = urlFor(context);
  const values = [0.1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, 2 ** 53, -0.5, 1e300];
  const checkpointDir = await temporaryFolder();
  await writeFile(join(checkpointDir, "w.txt"), "the weights");
  const options = { trackingUri: url, checkpointDir, logModels: true, registerModel: "by-us" };
  const run = createRun({ config: { lr: 0.1, net: { depth: 3 } }, emitters: [mlflowEmitter(options)] });
  for (const [round, value] of values.entries()) run.logClientUpdate("Köln Klinik", { round, custom: value });
  run.logDropout(1, "b", "gone");
  run.logRound(1, { global_loss: 0.5 });
  for (let time = 0; time < 2; time++) run.logCheckpoint(1, "w.txt", { epochs: 3, optimizer: { name: "adam" } });
  expect(await run.finish({ timeoutMs: 120_000 })).toBe(true);
  const ours = await endedRun(url, run.runId);

  const ourModel = await loggedModelOf(url, ours.id);
  const key = "client/Köln Klinik/custom";
  const points = ours.metrics.get(key) ?? [];
  expect(points).toHaveLength(values.length);
  const times = new Map(points.map(({ step, timestamp }) => [step, timestamp]));
  const given = {
    uri: url,
    experiment: "hivewatch",
    run_id: "by-their-client",
    params: { algorithm: "FedAvg", lr: 0.1, "net.depth": 3 },
    metrics: values.map((value, step) => ({ key, value: String(value), step, timestamp: times.get(step) })),
    merits: ourModel.metrics.map(({ key: name, value }) => ({ key: name, value })),
    model_params: { epochs: "3", "optimizer.name": "adam" },
    registered: "by-them",
    checkpoint: "models:/by-us/1/w.txt",
    table: { round: [1], time: ["t"], kind: ["dropout"], client: ["b"], reason: ["gone"] },
  };
  const script = inRepository("tests/python/mlflow_client.py");
  const client = startProgram(needMlflow(context), [script], { cwd: await temporaryFolder() });
  client.say(JSON.stringify(given));
  client.endInput();
  expect(await client.exited).toEqual({ code: 0, signal: null });
  const theirs = await endedRun(url, "by-their-client");
  // They find what was in our checkpoint by the registered model's name.
  expect(client.stdout()).toContain("the weights");
  const theirModel = await loggedModelOf(url, theirs.id);
  expect(ourModel.metrics).toContainEqual({ key: "round/loss", value: 0.5, step: 1 });
  const named = (text: unknown): unknown => JSON.parse(JSON.stringify(text).replaceAll("by-us", "by-them"));
  expect(named(ourModel)).toEqual(theirModel);
  const byStep = (stored: StoredRun) => [...(stored.metrics.get(key) ?? [])].sort((a, b) => a.step - b.step);
  expect(byStep(ours)).toEqual(byStep(theirs));
  expect(ours.params).toEqual(theirs.params);
  expect(ours.status).toBe(theirs.status);
  const names = ({ tags }: StoredRun) => [...tags.keys()].filter((name) => name.startsWith("mlflow.")).sort();
  expect(names(ours)).toEqual(names(theirs).filter((name) => !name.startsWith("mlflow.source.git")));
  expect(ours.tags.get("mlflow.loggedArtifacts")).toBe(theirs.tags.get("mlflow.loggedArtifacts")?.replace(/\s/g, ""));
});

test("without a server one is started where MLflow is, with its own store, and ends with the command", async (context) => {
  const python = needMlflow(context);
  const { runsDir, runId } = await savedRun("Python hivewatch");
  const cwd = await temporaryFolder();
  const env = { PATH: `${dirname(python)}${delimiter}${process.env.PATH}`, MLFLOW_TRACKING_URI: "" };
  const program = await startCommand(["replay", runId, "--to", "mlflow", "--runs-dir", runsDir], env, cwd);
  const [, page = ""] = await program.printed(/MLflow's page is at (http:\S+)\/, its store in /);
  expect(await program.exited).toEqual({ code: 0, signal: null });
  await until("its end", () =>
    fetch(page).then(
      () => false,
      () => true,
    ),
  );
  const { url } = await startMlflow(python, { folder: cwd });
  expectMetrics(await endedRun(url, runId), await readLines(`${runsDir}/${runId}.jsonl`));
});

test("where there is neither, all is kept, and sent later", async (context) => {
  const url = urlFor(context);
  const runsDir = await temporaryFolder();
  const env = { PATH: dirname(process.execPath), MLFLOW_TRACKING_URI: "" };
  const hivewatch = await startHivewatch({ runsDir, args: ["--emit", "mlflow"], env });
  const run = startTraining(hivewatch.grpc);
  await logVariedRun(run);
  await hivewatch.program.printed(
    /there is no mlflow on PATH to start one\. All is kept in the run's log; to send it later/,
  );
  await hivewatch.stop();
  const flags = ["--to", "mlflow", "--runs-dir", runsDir];
  expect(await runCommand(["replay", run.runId, ...flags], { MLFLOW_TRACKING_URI: url })).toMatchObject({ code: 0 });
  expectMetrics(await endedRun(url, run.runId), await readLines(`${runsDir}/${run.runId}.jsonl`));
});
