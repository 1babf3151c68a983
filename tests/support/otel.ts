import { join } from "node:path";
import {
  type Collector,
  type Fields,
  list,
  type OtlpContent,
  type SyntheticRunOptions,
  syntheticRun,
  until,
} from "@hivewatch/test-support";
import { expect } from "vitest";
import { readLines } from "./json.ts";
import { expectLogs, expectMetrics, expectTraces, heardOf } from "./otel-expected.ts";
import { expectTimes } from "./otel-times.ts";

/** The protocols of OTLP. */
export const PROTOCOLS = ["grpc", "http/protobuf", "http/json"] as const;

export type Protocol = (typeof PROTOCOLS)[number];

export function endpointOf(collector: Collector, protocol: Protocol): string {
  return protocol === "grpc" ? collector.grpc : collector.http;
}

/** The variables that say where a collector is, and how it is spoken to. */
export function environment(collector: Collector, protocol: Protocol): Record<string, string> {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: endpointOf(collector, protocol), OTEL_EXPORTER_OTLP_PROTOCOL: protocol };
}

/** The lines of a run's file, once it has its end. */
export function linesOf(runsDir: string, runId: string): Promise<Fields[]> {
  return until("its file", async () => {
    const lines = await readLines(join(runsDir, `${runId}.jsonl`)).catch(() => []);
    return lines.at(-1)?.event_type === "finished" ? lines : undefined;
  });
}

/** The run of {@link syntheticRun}, of which it was measured how long the network and the clients' round trips took. */
export function* timedRun(options: SyntheticRunOptions): Generator<Fields> {
  for (const event of syntheticRun(options)) {
    if (event.event_type !== "client_update") yield event;
    else yield { ...event, clients: list(event.clients).map(timed) };
  }
}

function timed(client: Fields, i: number): Fields {
  const latency = 20 + (i % 7);
  // To the server and back, and a tenth of a second for what nobody has measured.
  return {
    ...client,
    network_latency_ms: latency,
    round_trip_sec: Number(client.train_time_sec) + 0.002 * latency + 0.1,
  };
}

/**
 * Checks that a collector has all of a run: its metrics, its traces with every client, with their parts in their times, its
 * log records.
 */
export function expectRun(content: OtlpContent, lines: readonly Fields[]): void {
  expectMetrics(content, lines);
  const traces = expectTraces(content, lines);
  for (const { round, clients } of traces) {
    const ids = clients.map(({ attributes }) => String(attributes["hivewatch.client.id"]));
    expect(ids.sort()).toEqual(heardOf(lines, round.attributes["hivewatch.round"]).sort());
  }
  expectTimes(content, lines, traces);
  expectLogs(content, lines, traces);
}
