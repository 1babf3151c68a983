import { join } from "node:path";
import { type Collector, type Fields, type OtlpContent, until } from "@hivewatch/test-support";
import { expect } from "vitest";
import { readLines } from "./json.ts";
import { expectLogs, expectMetrics, expectTraces, heardOf } from "./otel-expected.ts";

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

/** Checks that a collector has all of a run: its metrics, its traces with every client, its log records. */
export function expectRun(content: OtlpContent, lines: readonly Fields[]): void {
  expectMetrics(content, lines);
  const traces = expectTraces(content, lines);
  for (const { round, clients } of traces) {
    const ids = clients.map(({ attributes }) => String(attributes["hivewatch.client.id"]));
    expect(ids.sort()).toEqual(heardOf(lines, round.attributes["hivewatch.round"]).sort());
  }
  expectLogs(content, lines, traces);
}
