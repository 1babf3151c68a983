import { type HiveEvent, parseEvent } from "@hivewatch/core";
import { openRunStore, packEvents, type RunLog, type RunStore } from "@hivewatch/runs";
import { temporaryFolder } from "@hivewatch/test-support";
import { onTestFinished } from "vitest";
import { type MapServer, type MapServerOptions, startMapServer } from "../../src/index.ts";

export interface TestServer {
  readonly store: RunStore;
  readonly server: MapServer;
  readonly url: string;
  /** What the server told. */
  readonly said: readonly string[];
  /** Writes events to the log of their run. */
  write(events: readonly HiveEvent[]): Promise<void>;
}

/** Starts a map server over a folder of its own, that ends with the test. */
export async function startTestServer(
  options: Omit<MapServerOptions, "store"> & { dir?: string } = {},
): Promise<TestServer> {
  const said: string[] = [];
  const dir = options.dir ?? (await temporaryFolder());
  const store = openRunStore({ dir, pollIntervalMs: 20 });
  const server = await startMapServer({ port: 0, onDiagnostic: (message) => said.push(message), ...options, store });
  const logs = new Map<string, RunLog>();
  onTestFinished(async () => {
    await server.close();
    for (const log of logs.values()) await log.close();
  });
  return {
    store,
    server,
    url: server.url,
    said,
    async write(events) {
      const runId = events[0]?.run_id ?? "r";
      const log = logs.get(runId) ?? (await store.openLog(runId));
      logs.set(runId, log);
      const sequence = { runId, producerId: "p", producerEpoch: 1n, firstSeq: log.highWaterMark("p", 1n) };
      for (const batch of packEvents(events, sequence)) await log.append(batch);
    },
  };
}

const TIME = "2026-11-23T07:43:20.337352+00:00";

export function event(fields: Record<string, unknown>, runId = "r"): HiveEvent {
  return parseEvent({ run_id: runId, timestamp: TIME, ...fields });
}

export function init(runId = "r"): HiveEvent {
  return event({ event_type: "init", started_at: TIME, algorithm: "FedAvg", config: { lr: 0.1 } }, runId);
}

export function finished(runId = "r"): HiveEvent {
  return event({ event_type: "finished", status: "completed" }, runId);
}

/** Numbered results that can be told apart. */
export function updates(count: number, first = 0, runId = "r"): HiveEvent[] {
  return Array.from({ length: count }, (_, i) =>
    event(
      { event_type: "client_update", round: 1, clients: [{ client_id: `c${first + i}`, local_loss: first + i }] },
      runId,
    ),
  );
}

/** The numbers of such results. */
export function numbersOf(events: readonly Record<string, unknown>[]): unknown[] {
  return events.flatMap(({ clients }) => (Array.isArray(clients) ? clients.map((client) => client.local_loss) : []));
}

export function numbers(count: number, first = 0): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}
