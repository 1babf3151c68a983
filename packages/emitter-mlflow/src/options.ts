import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { HiveWatchError } from "@hivewatch/core";
import type { CheckpointOptions } from "./checkpoint-step.ts";
import { type Credentials, credentialsIn } from "./credentials.ts";
import type { MultipartSettings } from "./multipart.ts";
import type { RunPlace } from "./open-run.ts";
import { proxiesOf } from "./proxy.ts";
import type { Connection } from "./request.ts";
import type { TranslatorOptions } from "./translate.ts";

export interface MlflowEmitterOptions {
  /** The address of the MLflow server, with http or https. Default: `MLFLOW_TRACKING_URI`. */
  trackingUri?: string | undefined;
  /**
   * The experiment's name; it is made if it isn't there. Default: the one whose id `MLFLOW_EXPERIMENT_ID` is, else
   * `MLFLOW_EXPERIMENT_NAME`, else `hivewatch`.
   */
  experiment?: string | undefined;
  /** What the run is called in MLflow. Default: its id. */
  runName?: string | undefined;
  /** The id of a run of MLflow's to go on with. Default: the one that has this run's id as its tag, else a new one. */
  resumeRunId?: string | undefined;
  /** Further tags of the run. */
  tags?: Readonly<Record<string, string>> | undefined;
  /** Whether what clients' machines do is logged, `system/<client>/…`. Default true. */
  logSystem?: boolean | undefined;
  /** Whether clients have metrics of their own, `client/<client>/…`. Default true. */
  logPerClient?: boolean | undefined;
  /** Whether places are told: of the clients as a table, of the server as tags. Default false. */
  logGeo?: boolean | undefined;
  /** How many clients have metrics of their own; of more the round's spread is logged, `clients/…`. Default 50. */
  maxClients?: number | undefined;
  /**
   * Whether what this machine does is sampled while a run goes on, `system/…`. Default: what
   * `MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING` says, else false.
   */
  systemMetrics?: boolean | undefined;
  /** How often, in seconds. Default: `MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL`, else 10. */
  samplingIntervalSec?: number | undefined;
  /**
   * The folder of the checkpoints: those in it are sent as artifacts, `checkpoints/round_<round>/…`. Default: none are
   * sent, since whoever sends events can name any path.
   */
  checkpointDir?: string | undefined;
  /**
   * Whether each checkpoint that is sent becomes a logged model of MLflow 3, `round_<round>`, which then has its files.
   * Default: what `HIVEWATCH_MLFLOW_LOG_MODELS` says, else false.
   */
  logModels?: boolean | undefined;
  /** The registered model of which each checkpoint that is sent becomes a version. Default: none. */
  registerModel?: string | undefined;
  /**
   * Without a tracking URI: whether `mlflow server` is started on this machine, with MLflow's own default store in the
   * current folder, where `mlflow` is on PATH. `"keep"`: it goes on after the run, until this process ends. Default true.
   */
  startServer?: boolean | "keep" | undefined;
  /**
   * Told what a user should know and no failure tells: where the page of a server is that was started, that a new run goes
   * on with one that was deleted. Default: it stands on standard error.
   */
  onDiagnostic?: ((message: string) => void) | undefined;
}

/** What the options and the environment say together. */
export interface Settings extends TranslatorOptions, CheckpointOptions {
  /** Undefined: no server was named. */
  readonly connection: Connection | undefined;
  readonly startServer: boolean | "keep";
  /** How often this machine is sampled, in seconds. Undefined: it isn't. */
  readonly samplingIntervalSec: number | undefined;
  readonly place: RunPlace;
  say(message: string): void;
}

type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_EXPERIMENT = "hivewatch";
const DEFAULT_MAX_CLIENTS = 50;
const DEFAULT_SAMPLING_SEC = 10;
const DEFAULT_TIMEOUT_SEC = 120;
const DEFAULT_LEAST_MULTIPART = 500 * 2 ** 20;
const DEFAULT_PART = 10 * 2 ** 20;

/** @throws HiveWatchError `usage` */
export function settingsOf(options: MlflowEmitterOptions, env: Environment): Settings {
  const { experiment, maxClients = DEFAULT_MAX_CLIENTS } = options;
  return {
    connection: connectionOf(options.trackingUri, env),
    place: {
      experimentId: experiment === undefined ? textOf(env.MLFLOW_EXPERIMENT_ID) : undefined,
      experiment: experiment ?? textOf(env.MLFLOW_EXPERIMENT_NAME) ?? DEFAULT_EXPERIMENT,
      runName: options.runName,
      resumeRunId: options.resumeRunId,
      tags: options.tags ?? {},
    },
    logSystem: options.logSystem ?? true,
    logPerClient: options.logPerClient ?? true,
    logGeo: options.logGeo ?? false,
    startServer: options.startServer ?? true,
    maxClients,
    samplingIntervalSec: samplingOf(options, env),
    checkpointDir: options.checkpointDir ?? textOf(env.HIVEWATCH_MLFLOW_CHECKPOINT_DIR),
    logModels: options.logModels ?? isTrue(env.HIVEWATCH_MLFLOW_LOG_MODELS),
    registerModel: options.registerModel ?? textOf(env.HIVEWATCH_MLFLOW_REGISTER_MODEL),
    say: options.onDiagnostic ?? ((message) => console.error(`[mlflow] ${message}`)),
  };
}

function connectionOf(trackingUri: string | undefined, env: Environment): Connection | undefined {
  const own = textOf(env.MLFLOW_TRACKING_URI);
  if (trackingUri !== undefined && trackingUri !== own) return connectionTo(trackingUri, env);
  // The file is of who set up this machine: it opens the server that they named, and none that a training names.
  return own === undefined ? undefined : connectionTo(own, env, credentialsIn(env.HOME ?? homedir()));
}

function samplingOf(options: MlflowEmitterOptions, env: Environment): number | undefined {
  if (!(options.systemMetrics ?? isTrue(env.MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING))) return undefined;
  const seconds = options.samplingIntervalSec ?? Number(env.MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL ?? "");
  return seconds > 0 ? seconds : DEFAULT_SAMPLING_SEC;
}

/** As MLflow reads its variables. */
function isTrue(text: string | undefined): boolean {
  return ["true", "1"].includes(text?.toLowerCase() ?? "");
}

/**
 * How to reach a server, as MLflow's own clients do.
 *
 * @param filed - what opens it, unless the address or the environment says so
 * @throws HiveWatchError `usage`
 */
export function connectionTo(trackingUri: string, env: Environment, filed?: Credentials): Connection {
  const url = urlOf(trackingUri);
  const authorization = authorizationOf(url, env, filed);
  const workspace = textOf(env.MLFLOW_WORKSPACE);
  url.username = "";
  url.password = "";
  url.search = "";
  url.hash = "";
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return {
    url,
    headers: {
      "user-agent": "hivewatch",
      ...(authorization !== undefined && { authorization }),
      ...(workspace !== undefined && { "x-mlflow-workspace": workspace }),
    },
    tls: tlsOf(env),
    proxyFor: proxiesOf(env),
    timeoutMs: 1000 * (Number(env.MLFLOW_HTTP_REQUEST_TIMEOUT ?? "") || DEFAULT_TIMEOUT_SEC),
    multipart: multipartOf(env),
  };
}

function multipartOf(env: Environment): MultipartSettings {
  const wanted = textOf(env.MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD);
  return {
    isWanted: wanted === undefined ? undefined : isTrue(wanted),
    leastSize: Number(env.MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE ?? "") || DEFAULT_LEAST_MULTIPART,
    partSize: Number(env.MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE ?? "") || DEFAULT_PART,
  };
}

function urlOf(trackingUri: string): URL {
  const url = URL.canParse(trackingUri) ? new URL(trackingUri) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  const hint =
    "MLflow's stores are not written directly. Start `mlflow server` with that store, and name its address, such as http://127.0.0.1:5000";
  throw new HiveWatchError("usage", `the tracking URI ${JSON.stringify(trackingUri)} is no http address: ${hint}`);
}

function authorizationOf(url: URL, env: Environment, filed?: Credentials): string | undefined {
  const user = textOf(decoded(url.username)) ?? textOf(env.MLFLOW_TRACKING_USERNAME) ?? textOf(filed?.user);
  const password = textOf(decoded(url.password)) ?? textOf(env.MLFLOW_TRACKING_PASSWORD) ?? textOf(filed?.password);
  const token = textOf(env.MLFLOW_TRACKING_TOKEN);
  if (user !== undefined && password !== undefined) {
    return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  }
  return token === undefined ? undefined : `Bearer ${token}`;
}

/** A part of an address; what was not encoded as it should be is taken as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function tlsOf(env: Environment): Connection["tls"] {
  const ca = pemIn("MLFLOW_TRACKING_SERVER_CERT_PATH", env);
  // As MLflow wants it: certificate and key in one file.
  const own = pemIn("MLFLOW_TRACKING_CLIENT_CERT_PATH", env);
  return {
    rejectUnauthorized: !isTrue(env.MLFLOW_TRACKING_INSECURE_TLS),
    ...(ca !== undefined && { ca }),
    ...(own !== undefined && { cert: own, key: own }),
  };
}

function pemIn(variable: string, env: Environment): string | undefined {
  const path = textOf(env[variable]);
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new HiveWatchError("usage", `${variable} can't be read: ${String(cause)}`, { cause });
  }
}

/** A variable that is set to nothing counts as not set. */
function textOf(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === "" ? undefined : text;
}
