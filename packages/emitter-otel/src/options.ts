import { HiveWatchError } from "@hivewatch/core";
import type { Attributes, MeterProvider, TracerProvider } from "@opentelemetry/api";
import { type Environment, isTrue, numberOf, positiveOf, textOf } from "./environment.ts";
import type { LoggerLike } from "./run-signals.ts";
import { PROTOCOLS, type Protocol, SIGNALS, type Signal } from "./signals.ts";

/** What is needed of a logger provider: those of `@opentelemetry/api-logs`, and of `@opentelemetry/api` from 1.10 on. */
export interface LoggerProviderLike {
  getLogger(name: string): LoggerLike;
}

export interface OtelEmitterOptions {
  /**
   * The address of an OTLP receiver, `http://127.0.0.1:4318`; `/v1/metrics` and so on are added, but for gRPC. Default:
   * `OTEL_EXPORTER_OTLP_ENDPOINT`, else this machine.
   */
  endpoint?: string | undefined;
  /** How it is spoken to. Default: `OTEL_EXPORTER_OTLP_PROTOCOL`, else `http/protobuf`. */
  protocol?: Protocol | undefined;
  /** Sent with each request, over those of `OTEL_EXPORTER_OTLP_HEADERS`. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** Attributes of the run's resource, over those of `OTEL_RESOURCE_ATTRIBUTES`. */
  resource?: Attributes | undefined;
  /** What is sent. Default: all that `OTEL_METRICS_EXPORTER`, `OTEL_TRACES_EXPORTER` and `OTEL_LOGS_EXPORTER` don't forbid. */
  signals?: readonly Signal[] | undefined;
  /** How many clients have metrics of their own. Default: `HIVEWATCH_OTEL_PER_CLIENT`, else 0. */
  perClient?: number | undefined;
  /**
   * Of more clients in a round only the slowest, the failed and a sample have spans. Default:
   * `HIVEWATCH_OTEL_MAX_CLIENT_SPANS`, else 500.
   */
  maxClientSpans?: number | undefined;
  /**
   * For a program that has an SDK of its own: where metrics go. With one of the three providers nothing is sent but by
   * those that are given, and all options of sending are theirs.
   */
  meterProvider?: MeterProvider | undefined;
  /** Where spans go. */
  tracerProvider?: TracerProvider | undefined;
  /** Where log records go. */
  loggerProvider?: LoggerProviderLike | undefined;
  /** Told what a user should know. Default: it goes with the answers of `write`, and so to the run's own `onDiagnostic`. */
  onDiagnostic?: ((message: string) => void) | undefined;
}

/** The providers of the program. */
export interface Providers {
  readonly meterProvider: MeterProvider | undefined;
  readonly tracerProvider: TracerProvider | undefined;
  readonly loggerProvider: LoggerProviderLike | undefined;
}

/** How one signal is sent. */
export interface SignalRoute {
  readonly signal: Signal;
  readonly protocol: Protocol;
  /** With the signal's path. Undefined: the exporter finds it in the environment. */
  readonly url: string | undefined;
  /** For people: without credentials. */
  readonly place: string;
  /** How many items a request has at most. */
  readonly maxItems: number;
}

/** What the options and the environment say together. */
export interface Settings {
  /** Undefined: a pipeline of our own. */
  readonly providers: Providers | undefined;
  /** What is sent by our own pipeline. */
  readonly routes: readonly SignalRoute[];
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly resource: Attributes;
  readonly perClient: number;
  readonly maxClientSpans: number;
  readonly intervalMicros: number;
  say(message: string): void;
}

const DEFAULT_MAX_CLIENT_SPANS = 500;
const DEFAULT_INTERVAL_MS = 60_000;
/** A point of a histogram has up to a kilobyte, and gRPC receivers take 4 MB at once. */
const MAX_POINTS = 2000;
/** The SDK's own. */
const DEFAULT_MAX_BATCH = 512;
const LOCAL: Readonly<Record<Protocol, string>> = {
  "http/protobuf": "http://localhost:4318",
  "http/json": "http://localhost:4318",
  grpc: "http://localhost:4317",
};

/** @throws HiveWatchError `usage` */
export function settingsOf(options: OtelEmitterOptions, env: Environment): Settings {
  const say = options.onDiagnostic ?? (() => {});
  const providers = providersOf(options);
  return {
    providers,
    routes: providers === undefined ? routesOf(options, env, say) : [],
    headers: options.headers,
    resource: options.resource ?? {},
    perClient: amount(options.perClient ?? numberOf(env.HIVEWATCH_OTEL_PER_CLIENT) ?? 0, "perClient"),
    maxClientSpans: amount(
      options.maxClientSpans ?? numberOf(env.HIVEWATCH_OTEL_MAX_CLIENT_SPANS) ?? DEFAULT_MAX_CLIENT_SPANS,
      "maxClientSpans",
    ),
    intervalMicros: 1000 * (positiveOf(env.OTEL_METRIC_EXPORT_INTERVAL) ?? DEFAULT_INTERVAL_MS),
    say,
  };
}

function providersOf({ meterProvider, tracerProvider, loggerProvider }: OtelEmitterOptions): Providers | undefined {
  const providers = { meterProvider, tracerProvider, loggerProvider };
  return Object.values(providers).every((provider) => provider === undefined) ? undefined : providers;
}

function amount(value: number, name: string): number {
  if (Number.isInteger(value) && value >= 0) return value;
  throw new HiveWatchError("usage", `${name} must be a whole number from 0, not ${value}`);
}

function routesOf(options: OtelEmitterOptions, env: Environment, say: (message: string) => void): SignalRoute[] {
  if (isTrue(env.OTEL_SDK_DISABLED)) {
    say("OTEL_SDK_DISABLED is true: nothing is sent");
    return [];
  }
  const wanted = options.signals ?? SIGNALS.filter((signal) => isWanted(signal, env, say));
  return wanted.map((signal) => routeOf(signal, options, env));
}

function isWanted(signal: Signal, env: Environment, say: (message: string) => void): boolean {
  const variable = `OTEL_${signal.toUpperCase()}_EXPORTER`;
  const names = (textOf(env[variable]) ?? "otlp").split(",").map((name) => name.trim());
  if (names.includes("otlp")) return true;
  const others = names.filter((name) => name !== "none");
  if (others.length > 0) say(`${variable} is ${others.join(",")}, but runs are sent by otlp alone: no ${signal} are`);
  return false;
}

/** @throws HiveWatchError `usage` */
function routeOf(signal: Signal, options: OtelEmitterOptions, env: Environment): SignalRoute {
  const protocol = protocolOf(signal, options, env);
  const { endpoint } = options;
  const own = textOf(env[`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`]);
  const place = endpoint ?? own ?? textOf(env.OTEL_EXPORTER_OTLP_ENDPOINT) ?? LOCAL[protocol];
  return {
    signal,
    protocol,
    url: endpoint === undefined ? undefined : urlOf(endpoint, signal, protocol),
    place: hostOf(place),
    maxItems: maxItemsOf(signal, env),
  };
}

/** @throws HiveWatchError `usage` */
function protocolOf(signal: Signal, { protocol }: OtelEmitterOptions, env: Environment): Protocol {
  const named =
    protocol ??
    textOf(env[`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_PROTOCOL`]) ??
    textOf(env.OTEL_EXPORTER_OTLP_PROTOCOL) ??
    "http/protobuf";
  const known = PROTOCOLS.find((each) => each === named);
  if (known !== undefined) return known;
  throw new HiveWatchError("usage", `the OTLP protocol ${JSON.stringify(named)} is none of ${PROTOCOLS.join(", ")}`);
}

/** @throws HiveWatchError `usage` */
function urlOf(endpoint: string, signal: Signal, protocol: Protocol): string {
  if (protocol === "grpc") return endpoint;
  if (!URL.canParse(endpoint)) {
    throw new HiveWatchError(
      "usage",
      `the endpoint ${JSON.stringify(endpoint)} is no address, such as ${LOCAL[protocol]}`,
    );
  }
  return `${endpoint.replace(/\/+$/, "")}/v1/${signal}`;
}

/** An address may hold a password. */
function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).host || address : address;
}

function maxItemsOf(signal: Signal, env: Environment): number {
  if (signal === "metrics") return MAX_POINTS;
  const variable = signal === "traces" ? "OTEL_BSP_MAX_EXPORT_BATCH_SIZE" : "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE";
  return Math.max(Math.floor(positiveOf(env[variable]) ?? DEFAULT_MAX_BATCH), 1);
}
