import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  afterwards,
  type Certificate,
  type Exit,
  fields,
  freePort,
  list,
  type Program,
  startProgram,
  temporaryFolder,
} from "@hivewatch/test-support";
import { beforeAll, type TestContext } from "vitest";
import { findMlflow, needMlflow } from "./parts.ts";

/** A real MLflow server. */
export interface Mlflow {
  /** `http://127.0.0.1:…` */
  readonly url: string;
  readonly program: Program;
  /** The folder of its stores. */
  readonly folder: string;
  stop(): Promise<Exit>;
  /** Starts another one on the same port and stores, once this one has ended. */
  restart(): Promise<Mlflow>;
}

export interface MlflowOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly folder?: string;
  readonly port?: number;
  /** Default 1: the quickest to start. */
  readonly workers?: number;
  /** With it, it is reached over https. */
  readonly certificate?: Certificate;
}

/** Ends it with its workers, which the server of MLflow 2 would leave behind, also when it is killed. */
const TOGETHER = `exec 3<&0; setsid "$@" & child=$!; end() { kill -- -"$child"; }; trap end TERM
(cat <&3; end) >/dev/null 2>&1 & wait "$child"; wait "$child"`;

/** Starts an MLflow server with its own default store, and waits until it answers. */
export async function startMlflow(python: string, options: MlflowOptions = {}): Promise<Mlflow> {
  const { args = [], env = {}, workers = 1, certificate } = options;
  const folder = options.folder ?? (await temporaryFolder());
  const port = options.port ?? (await freePort());
  const command = join(dirname(python), "mlflow");
  const listen = ["--host", "127.0.0.1", "--port", String(port), "--workers", String(workers)];
  const secure = certificate === undefined ? [] : ["--uvicorn-opts", tlsOptions(certificate)];
  const program = startProgram("sh", ["-c", TOGETHER, "sh", command, "server", ...listen, ...secure, ...args], {
    cwd: folder,
    env: { MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false", MLFLOW_DISABLE_TELEMETRY: "true", ...env },
  });
  const url = `${certificate === undefined ? "http" : "https"}://127.0.0.1:${port}`;
  async function stop(): Promise<Exit> {
    program.signal("SIGTERM");
    return program.exited;
  }
  afterwards(stop);
  await whenUp(url, program);
  return {
    url,
    program,
    folder,
    stop,
    restart: () => startMlflow(python, { ...options, folder, port }),
  };
}

/**
 * Starts a server for all tests of a file.
 *
 * @returns what gives its address to a test, or skips it where there is no MLflow
 */
export function serverOfFile(): (context: TestContext) => string {
  let server: Mlflow | undefined;
  beforeAll(async () => {
    const python = findMlflow();
    if (python !== undefined) server = await startMlflow(python);
  });
  return (context) => {
    needMlflow(context);
    return server?.url ?? "";
  };
}

function tlsOptions({ certPath, keyPath }: Certificate): string {
  return `--ssl-certfile ${certPath} --ssl-keyfile ${keyPath}`;
}

/** It may take minutes where other things are going on. */
async function whenUp(url: string, program: Program): Promise<void> {
  const ended = program.exited.then(() => true);
  while (!(await isUp(url))) {
    const hasEnded = await Promise.race([ended, sleep(200, false)]);
    if (hasEnded) throw new Error(`MLflow has ended:\n${program.stdout()}\n${program.stderr()}`);
  }
}

async function isUp(url: string): Promise<boolean> {
  return fetch(`${url}/health`, { headers: { connection: "close" } }).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** A value of a metric, as MLflow gives it back. */
export interface StoredPoint {
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
}

/** A run, as MLflow's API tells it. */
export interface StoredRun {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly startTime: number;
  readonly endTime: number | undefined;
  readonly params: ReadonlyMap<string, string>;
  readonly tags: ReadonlyMap<string, string>;
  /** All values of each metric. */
  readonly metrics: ReadonlyMap<string, readonly StoredPoint[]>;
}

/** Asks MLflow's API. */
export async function askMlflow(
  url: string,
  path: string,
  body?: unknown,
  headers = {},
): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}/api/2.0/mlflow/${path}`, {
    headers: { "content-type": "application/json", ...headers },
    ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: HTTP ${response.status}: ${text}`);
  return fields(JSON.parse(text));
}

/** The MLflow runs of a HiveWatch run, with all that they hold. */
export async function storedRuns(url: string, runId: string, headers = {}): Promise<StoredRun[]> {
  const experiments = list(
    fields(await askMlflow(url, "experiments/search", { max_results: 1000 }, headers)).experiments,
  );
  const ids = experiments.map((experiment) => fields(experiment).experiment_id);
  const filter = `tags.\`hivewatch/run_id\` = "${runId}"`;
  const found = await askMlflow(url, "runs/search", { experiment_ids: ids, filter }, headers);
  return Promise.all(list(found.runs ?? []).map((run) => storedRun(url, run, headers)));
}

async function storedRun(url: string, run: unknown, headers: Record<string, string>): Promise<StoredRun> {
  const { info, data } = fields(run);
  const { run_id: id, run_name: name, status, start_time: start, end_time: end } = fields(info);
  const { params = [], tags = [], metrics = [] } = fields(data);
  const histories = new Map<string, StoredPoint[]>();
  for (const metric of list(metrics)) {
    const key = String(fields(metric).key);
    histories.set(key, await historyOf(url, String(id), key, headers));
  }
  return {
    id: String(id),
    name: String(name),
    status: String(status),
    startTime: Number(start),
    endTime: end === undefined ? undefined : Number(end),
    params: pairs(params),
    tags: pairs(tags),
    metrics: histories,
  };
}

function pairs(entries: unknown): Map<string, string> {
  return new Map(
    list(entries)
      .map(fields)
      .map(({ key, value }) => [String(key), String(value)]),
  );
}

async function historyOf(url: string, runId: string, key: string, headers = {}): Promise<StoredPoint[]> {
  const query = new URLSearchParams({ run_id: runId, metric_key: key, max_results: "25000" });
  const { metrics = [] } = await askMlflow(url, `metrics/get-history?${query}`, undefined, headers);
  return list(metrics)
    .map(fields)
    .map(({ value, timestamp, step }) => ({ value: Number(value), timestamp: Number(timestamp), step: Number(step) }));
}

/** A file among a run's artifacts. */
export async function artifactOf(url: string, runId: string, path: string): Promise<Buffer> {
  const response = await fetch(`${url}/get-artifact?${new URLSearchParams({ run_uuid: runId, path })}`);
  if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
  return Buffer.from(new Uint8Array(await response.arrayBuffer()));
}

/** The logged model that a run has put out, without what differs from one to the next: times and ids. */
export async function loggedModelOf(url: string, runId: string) {
  const { outputs } = fields((await askMlflow(url, `runs/get?run_id=${runId}`)).run);
  const [output = {}] = list(fields(outputs).model_outputs);
  const { info, data } = fields((await askMlflow(url, `logged-models/${output.model_id}`)).model);
  const { name, status, source_run_id, tags } = fields(info);
  const versions = list((await askMlflow(url, "model-versions/search")).model_versions);
  return {
    name,
    status,
    isOfRun: source_run_id === runId,
    step: output.step,
    tags: list(tags)
      .map(({ key }) => String(key))
      .filter((key) => key.startsWith("mlflow.") && !key.startsWith("mlflow.source.git"))
      .sort(),
    params: list(fields(data).params).map(({ key, value }) => `${key}: ${value}`),
    metrics: list(fields(data).metrics).map(({ key, value, step }) => ({ key, value, step })),
    versions: versions
      .filter(({ source }) => source === `models:/${output.model_id}`)
      .map(({ name: model, version, status: state, run_id }) => ({ model, version, state, isOfRun: run_id === runId })),
  };
}
