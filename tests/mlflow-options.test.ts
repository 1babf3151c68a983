import { dirname } from "node:path";
import { createRun } from "@hivewatch/core";
import { mlflowEmitter } from "@hivewatch/emitter-mlflow";
import { fields, inRepository, startHivewatch, startProgram, temporaryFolder, until } from "@hivewatch/test-support";
import { expect, test, vi } from "vitest";
import { askMlflow, type StoredRun, serverOfFile, storedRuns } from "./support/mlflow.ts";
import { expectKnownRounds, logKnownRound } from "./support/mlflow-training.ts";
import { needMlflow } from "./support/parts.ts";
import { startTraining } from "./support/training.ts";

const urlFor = serverOfFile();

/** The only MLflow run of a run. */
async function onlyRun(url: string, runId: string): Promise<StoredRun> {
  const [run, ...others] = await storedRuns(url, runId);
  expect(others).toEqual([]);
  if (run === undefined) throw new Error(`MLflow has no run ${runId}`);
  return run;
}

test("a run that MLflow has is gone on with, if it is named", async (context) => {
  const url = urlFor(context);
  const tags = [{ key: "owner", value: "eva" }];
  const created = await askMlflow(url, "runs/create", { experiment_id: "0", run_name: "theirs", tags });
  const resumeRunId = String(fields(fields(created.run).info).run_id);
  const run = createRun({ emitters: [mlflowEmitter({ trackingUri: url, resumeRunId })] });
  logKnownRound(run, 0, 3);
  expect(await run.finish({ timeoutMs: 120_000 })).toBe(true);
  const stored = await onlyRun(url, run.runId);
  expect(stored).toMatchObject({ id: resumeRunId, name: "theirs", status: "FINISHED" });
  expect(stored.tags.get("owner")).toBe("eva");
  expectKnownRounds(stored, { rounds: 1, clients: 3 });
});

test("a name, and more tags and params than MLflow takes at once, are all there", async (context) => {
  const url = urlFor(context);
  const numbered = (name: string) => Array.from({ length: 150 }, (_, i): [string, string] => [`${name}_${i}`, `${i}`]);
  const odd = { "team/unit@site": "x".repeat(9000), "": "nameless" };
  const tags = { ...Object.fromEntries(numbered("tag")), ...odd };
  const options = { trackingUri: url, runName: "round the clinics 🏥", tags };
  const run = createRun({ config: Object.fromEntries(numbered("param")), emitters: [mlflowEmitter(options)] });
  run.setServerMetadata(Object.fromEntries(numbered("fact")));
  expect(await run.finish({ timeoutMs: 120_000 })).toBe(true);
  const stored = await onlyRun(url, run.runId);
  expect(stored.name).toBe("round the clinics 🏥");
  expect([...stored.params]).toEqual(expect.arrayContaining([...numbered("param"), ["algorithm", "FedAvg"]]));
  expect(stored.params.size).toBe(151);
  expect([...stored.tags]).toEqual(
    expect.arrayContaining([
      ...numbered("tag"),
      ...numbered("fact").map(([name, value]) => [`hivewatch/server/${name}`, value]),
      ["team/unit_x40_site", `${"x".repeat(4999)}…`],
    ]),
  );
});

test("of many clients some have metrics of their own, and all are in the spread", async (context) => {
  const url = urlFor(context);
  const run = createRun({ emitters: [mlflowEmitter({ trackingUri: url })] });
  const [clients, rounds] = [201, 3];
  for (let round = 1; round <= rounds; round++) {
    for (let client = 0; client < clients; client++) {
      run.logClientUpdate(`client-${client}`, { round, local_loss: round + client, cpu_pct: 1 });
    }
    run.logRound(round);
  }
  expect(await run.finish({ timeoutMs: 120_000 })).toBe(true);
  const { metrics } = await onlyRun(url, run.runId);
  const values = (key: string) =>
    [...(metrics.get(key) ?? [])].sort((a, b) => a.step - b.step).map(({ step, value }) => [step, value]);
  for (const [name, client] of Object.entries({ min: 0, p10: 20, p50: 100, p90: 180, max: 200 })) {
    expect(values(`clients/loss/${name}`), name).toEqual([1, 2, 3].map((round) => [round, round + client]));
  }
  const own = Array.from({ length: 50 }, (_, client) => client);
  for (const client of own) {
    expect(values(`client/client-${client}/loss`)).toEqual([1, 2, 3].map((round) => [round, round + client]));
  }
  const named = (kind: string) => [...metrics.keys()].filter((key) => key.startsWith(kind)).sort();
  expect(named("client/")).toEqual(own.map((client) => `client/client-${client}/loss`).sort());
  expect(named("system/")).toEqual(own.map((client) => `system/client-${client}/cpu_utilization_percentage`).sort());
});

test("the machine of the bridge is sampled while a run goes on, which may fail or be aborted", async (context) => {
  const url = urlFor(context);
  const env = {
    MLFLOW_TRACKING_URI: url,
    MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING: "true",
    MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL: "0.2",
  };
  const { grpc } = await startHivewatch({ runsDir: await temporaryFolder(), args: ["--emit", "mlflow"], env });
  for (const [status, expected] of [
    ["failed", "FAILED"],
    ["aborted", "KILLED"],
  ] as const) {
    const run = startTraining(grpc);
    run.roundStart(1);
    const sampled = await until("samples", async () => {
      const [found] = await storedRuns(url, run.runId);
      return (found?.metrics.get("system/cpu_utilization_percentage") ?? []).length > 2 ? found : undefined;
    });
    expect(sampled.status).toBe("RUNNING");
    const before = Date.now();
    expect(await run.finish({ status, reason: "out of memory" })).toBe(true);
    const stored = await until("its end", async () => {
      const found = await onlyRun(url, run.runId);
      return found.status === "RUNNING" ? undefined : found;
    });
    expect(stored.status).toBe(expected);
    expect(stored.endTime).toBeGreaterThanOrEqual(before);
    expect(stored.endTime).toBeLessThanOrEqual(Date.now());
    expect(stored.tags.get("hivewatch/reason")).toBe("out of memory");
    const keys = [...stored.metrics.keys()].filter((key) => key.startsWith("system/")).sort();
    expect(keys).toEqual([
      "system/cpu_utilization_percentage",
      "system/disk_available_megabytes",
      "system/disk_usage_megabytes",
      "system/disk_usage_percentage",
      "system/network_receive_megabytes",
      "system/network_transmit_megabytes",
      "system/system_memory_usage_megabytes",
      "system/system_memory_usage_percentage",
    ]);
    for (const key of keys) {
      const points = stored.metrics.get(key) ?? [];
      expect(new Set(points.map(({ timestamp }) => timestamp)).size).toBe(points.length);
      for (const { value, timestamp } of points) {
        expect(value).toBeGreaterThanOrEqual(0);
        expect(timestamp).toBeLessThanOrEqual(Date.now());
      }
    }
  }
});

test("a program has a server started for its run, or until it ends, and is told where it is", async (context) => {
  const python = needMlflow(context);
  const cwd = await temporaryFolder();
  const env = { PATH: `${dirname(python)}:${process.env.PATH}`, MLFLOW_TRACKING_URI: "" };
  const program = startProgram(process.execPath, [inRepository("tests/programs/local-mlflow.mjs")], { cwd, env });
  const [, first = "", second = ""] = await program.printed(/^(.*"startServer":true.*)\n(.*"startServer":"keep".*)\n/);
  const [ended, kept] = [fields(JSON.parse(first)), fields(JSON.parse(second))];
  expect(ended).toMatchObject({ isComplete: true, isUp: false });
  expect(kept).toMatchObject({ isComplete: true, isUp: true });
  expect(program.stderr()).toContain(`MLflow's page is at ${kept.page}, its store in ${cwd}`);
  const page = String(kept.page).replace(/\/$/, "");
  for (const { runId } of [ended, kept]) {
    expect(await onlyRun(page, String(runId))).toMatchObject({ status: "FINISHED" });
  }
  program.endInput();
  expect(await program.exited).toEqual({ code: 0, signal: null });
  await until("its end", () =>
    fetch(page).then(
      () => false,
      () => true,
    ),
  );
});

test("where none shall be started that is told", async () => {
  vi.stubEnv("MLFLOW_TRACKING_URI", "");
  const said: string[] = [];
  const emitters = [mlflowEmitter({ startServer: false })];
  const run = createRun({ emitters, onDiagnostic: (message) => said.push(message) });
  await until("word of it", () => said.length > 0);
  vi.unstubAllEnvs();
  expect(said[0]).toContain(
    "MLFLOW_TRACKING_URI names no server, and startServer is false. All is kept in the run's log",
  );
  expect(await run.finish({ timeoutMs: 0 })).toBe(false);
});
