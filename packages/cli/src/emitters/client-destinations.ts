/** What an option must be: anything else is left out. */
type OptionKind = "text" | "flag" | "seconds" | "texts" | "labels" | "object" | "url";

interface ClientOption {
  /** The name of our emitter's option. */
  readonly to: string;
  readonly is: OptionKind;
}

/** A destination of ours that a program may declare for its run, and what it may say about it. */
export interface ClientDestination {
  /** As people call it. */
  readonly title: string;
  readonly packageName: string;
  /** The export of the package that makes an emitter. */
  readonly factory: string;
  /** By the name that Python hivewatch has for an option. There is none for a secret, a file or a command. */
  readonly options: Readonly<Record<string, ClientOption>>;
  /** What our emitter is made with in any case. */
  readonly always?: Readonly<Record<string, unknown>> | undefined;
  /**
   * The environment variable that says where the destination is, and those that hold what opens it or what else only that
   * place may have. Where the bridge is told where it is, no run decides that. Where it isn't, a run does, and gets none
   * of the others.
   */
  readonly place?: { readonly variable: string; readonly secrets: readonly string[] } | undefined;
}

const LOGGED = {
  log_system: { to: "logSystem", is: "flag" },
  log_per_client: { to: "logPerClient", is: "flag" },
  log_geo: { to: "logGeo", is: "flag" },
} as const;

/** By the name of the emitter, which is also that of its cursors. */
export const CLIENT_DESTINATIONS: ReadonlyMap<string, ClientDestination> = new Map(
  Object.entries<ClientDestination>({
    wandb: {
      title: "W&B",
      packageName: "@hivewatch/emitter-wandb",
      factory: "wandbEmitter",
      options: {
        project: { to: "project", is: "text" },
        entity: { to: "entity", is: "text" },
        group: { to: "group", is: "text" },
        job_type: { to: "jobType", is: "text" },
        tags: { to: "tags", is: "texts" },
        config: { to: "config", is: "object" },
        mode: { to: "mode", is: "text" },
        ...LOGGED,
      },
    },
    mlflow: {
      title: "MLflow",
      packageName: "@hivewatch/emitter-mlflow",
      factory: "mlflowEmitter",
      options: {
        tracking_uri: { to: "trackingUri", is: "url" },
        experiment: { to: "experiment", is: "text" },
        run_name: { to: "runName", is: "text" },
        resume_run_id: { to: "resumeRunId", is: "text" },
        tags: { to: "tags", is: "labels" },
        mlflow_system_metrics: { to: "systemMetrics", is: "flag" },
        system_metrics_sampling_interval: { to: "samplingIntervalSec", is: "seconds" },
        ...LOGGED,
      },
      place: {
        variable: "MLFLOW_TRACKING_URI",
        secrets: [
          "MLFLOW_TRACKING_TOKEN",
          "MLFLOW_TRACKING_USERNAME",
          "MLFLOW_TRACKING_PASSWORD",
          "MLFLOW_TRACKING_CLIENT_CERT_PATH",
          // Files of this machine are sent from there.
          "HIVEWATCH_MLFLOW_CHECKPOINT_DIR",
        ],
      },
      // One server of this machine's own for all runs, for as long as the bridge runs.
      always: { startServer: "keep" },
    },
  }),
);

/** What our emitter is made with, and what was left out. */
export interface ReadOptions {
  readonly options: Readonly<Record<string, unknown>>;
  /** For people: which option, and why. */
  readonly ignored: readonly string[];
}

/** Takes what a program has declared, as far as it may declare it. */
export function readOptions(
  { options: known, place }: ClientDestination,
  given: Readonly<Record<string, unknown>>,
  env: NodeJS.ProcessEnv,
): ReadOptions {
  const options: Record<string, unknown> = {};
  const ignored: string[] = [];
  for (const [name, value] of Object.entries(given)) {
    const option = Object.hasOwn(known, name) ? known[name] : undefined;
    const own = place === undefined || option?.is !== "url" ? undefined : env[place.variable];
    if (option === undefined) ignored.push(`${name.slice(0, 80)} is no option that a run can set`);
    else if (own !== undefined) {
      if (own !== value) ignored.push(`${name} is left to ${place?.variable} of the bridge`);
    } else if (READ[option.is](value)) options[option.to] = option.is === "labels" ? labels(value) : value;
    else ignored.push(`${name} must be ${WANTED[option.is]}`);
  }
  return { options, ignored };
}

/** The environment of the thread in which such emitters run. */
export function environmentOf({ place }: ClientDestination, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (place === undefined || env[place.variable] !== undefined) return env;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !place.secrets.includes(name)));
}

const READ: Readonly<Record<OptionKind, (value: unknown) => boolean>> = {
  text: (value) => typeof value === "string",
  flag: (value) => typeof value === "boolean",
  seconds: (value) => typeof value === "number" && value > 0,
  texts: (value) => Array.isArray(value) && value.every((entry) => typeof entry === "string"),
  labels: isObject,
  object: isObject,
  url: isPlainUrl,
};

const WANTED: Readonly<Record<OptionKind, string>> = {
  text: "text",
  flag: "true or false",
  seconds: "a number of seconds above 0",
  texts: "a list of texts",
  labels: "an object",
  object: "an object",
  url: "an http:// or https:// address without a user or password",
};

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPlainUrl(value: unknown): boolean {
  if (typeof value !== "string" || !URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  return (protocol === "http:" || protocol === "https:") && username === "" && password === "";
}

function labels(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(value ?? {}).map(([name, label]) => [name, String(label)]));
}
