import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type ClientMetrics, freezeCopy, type HiveEvent, isoFromMicros, parseEvent } from "@hivewatch/core";
import { otelEmitter } from "@hivewatch/emitter-otel";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { AggregationType, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { type Bench, demand, figureAtMost } from "../bench.ts";
import { METRICS } from "../lib/batches.ts";
import { startChild, textIn } from "../lib/child.ts";
import { seconds } from "../lib/seconds.ts";

/** What core hands over at once. */
const BATCH_EVENTS = 500;
/** Rounds that don't count: at first much of the time goes into being compiled, and a run has many rounds. */
const WARM_UPS = 3;
const NEVER = new AbortController().signal;
const FLOOR = "the SDK's MeterProvider, with an exponential histogram for each metric, recorded value by value";

/** What a round costs that goes to OpenTelemetry. */
interface Cost {
  /** CPU of this process for an event, until the round has ended, in microseconds. */
  readonly micros: number;
  /** From the round's end until the receiver has it. */
  readonly exportMs: number;
}

/** What OpenTelemetry's metrics cost in a large round, beside its SDK doing the same. Traces and log records are no part of it. */
export const otel: Bench = {
  name: "otel",
  what: "metrics alone: CPU for an event of 15 metrics as histograms, 100,000 clients a round; sending the round; memory for a client",
  async run({ quick, say }) {
    const clients = quick ? 1000 : 100_000;
    const times = quick ? 1 : 5;
    const receiver = startChild(process.execPath, [
      fileURLToPath(new URL("../programs/otlp-floor.js", import.meta.url)),
    ]);
    const endpoint = textIn(await receiver.next(), "endpoint");
    const ours: Cost[] = [];
    const floors: Cost[] = [];
    for (let turn = quick ? 1 : 1 - WARM_UPS; turn <= times; turn++) {
      const floor = await costOf(bySdk(endpoint), clients);
      const figure = await costOf(byEmitter(endpoint), clients);
      if (turn < 1) continue;
      ours.push(figure);
      floors.push(floor);
      say(`${turn}/${times}: ${figure.micros} of ${floor.micros} µs`);
    }
    // By itself: to collect all garbage throws away what was compiled.
    const memory = {
      figures: [await bytesOf(byEmitter(endpoint), clients)],
      floors: [await bytesOf(bySdk(endpoint), clients)],
    };
    await receiver.stop();
    const row = (name: string, unit: string, pick: (cost: Cost) => number) => ({
      name,
      unit,
      figures: ours.map(pick),
      floors: floors.map(pick),
      floor: FLOOR,
    });
    return [
      { ...row("otel", "µs/event", ({ micros }) => micros), goal: figureAtMost(2) },
      row("otel.export", "ms", ({ exportMs }) => exportMs),
      { ...memory, name: "otel.memory", unit: "bytes/client", floor: FLOOR },
    ];
  },
};

/** What takes a round. */
interface Way {
  take(batch: readonly HiveEvent[]): Promise<void>;
  /** Takes the round's end, and sends what came of it. */
  end(event: HiveEvent): Promise<void>;
  close(): Promise<void>;
}

async function costOf(way: Way, clients: number): Promise<Cost> {
  // Loading OpenTelemetry is no matter of rounds.
  await way.take([roundStart()]);
  let micros = 0;
  for (const batch of batchesOf(clients)) {
    const before = process.cpuUsage();
    await way.take(batch);
    micros += microsSince(before);
  }
  const before = process.cpuUsage();
  const exportMs = 1000 * (await seconds(() => way.end(roundEnd())));
  micros += microsSince(before);
  await way.close();
  return { micros: micros / clients, exportMs };
}

/** What is held for a client before the round ends. */
async function bytesOf(way: Way, clients: number): Promise<number> {
  await way.take([roundStart()]);
  const before = await held();
  for (const batch of batchesOf(clients)) await way.take(batch);
  const bytes = (await held()) - before;
  await way.close();
  return bytes / clients;
}

function byEmitter(endpoint: string): Way {
  const emitter = otelEmitter({ endpoint, protocol: "http/protobuf", signals: ["metrics"] });
  const take = async (batch: readonly HiveEvent[]): Promise<void> => {
    const result = await emitter.write(batch, NEVER);
    demand(result.status === "delivered" && result.refused === undefined, `not taken: ${JSON.stringify(result)}`);
  };
  return { take, end: (event) => take([event]), close: async () => emitter.finish?.() };
}

function bySdk(endpoint: string): Way {
  const exporter = new OTLPMetricExporter({ url: `${endpoint}/v1/metrics` });
  const provider = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter })],
    views: [{ instrumentName: "*", aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
  });
  const meter = provider.getMeter("bench");
  const histograms = METRICS.map((name) => [name, meter.createHistogram(name)] as const);
  const attributes = { "hivewatch.run.id": RUN };
  return {
    async take(batch) {
      for (const { event_type, clients } of batch) {
        for (const client of event_type === "client_update" ? asClients(clients) : []) {
          for (const [name, histogram] of histograms) {
            const value = client[name];
            if (typeof value === "number") histogram.record(value, attributes);
          }
        }
      }
    },
    end: () => provider.forceFlush(),
    close: () => provider.shutdown(),
  };
}

function asClients(clients: unknown): readonly Record<string, unknown>[] {
  return Array.isArray(clients) ? clients : [];
}

const RUN = "run";

/** Updates of a round, as a log gives them. */
function* batchesOf(clients: number): Generator<HiveEvent[]> {
  for (let first = 0; first < clients; first += BATCH_EVENTS) {
    yield Array.from({ length: Math.min(BATCH_EVENTS, clients - first) }, (_, i) => {
      const client: ClientMetrics = { client_id: `client-${first + i}` };
      for (const name of METRICS) client[name] = Math.random();
      return eventOf({ event_type: "client_update", clients: [client] });
    });
  }
}

const roundStart = (): HiveEvent => eventOf({ event_type: "round_start" });
const roundEnd = (): HiveEvent => eventOf({ event_type: "round_end", round_metrics: {}, clients: [] });

function eventOf(fields: { event_type: string } & Record<string, unknown>): HiveEvent {
  const event = parseEvent({ run_id: RUN, timestamp: isoFromMicros(Date.now() * 1000), round: 1, ...fields });
  freezeCopy(event);
  return event;
}

function microsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

setFlagsFromString("--expose-gc");
const collectGarbage: unknown = runInNewContext("gc");

/** What is in use, of all kinds of memory. */
async function held(): Promise<number> {
  // What a collection has found to be unused is given back after it.
  for (let time = 0; time < 3; time++) {
    if (typeof collectGarbage === "function") collectGarbage();
    await new Promise(setImmediate);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
