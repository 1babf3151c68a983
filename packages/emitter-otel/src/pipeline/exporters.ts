import { createRequire } from "node:module";
import type { LogRecordExporter } from "@opentelemetry/sdk-logs";
import type { PushMetricExporter } from "@opentelemetry/sdk-metrics";
import type { SpanExporter } from "@opentelemetry/sdk-trace";
import type { SignalRoute } from "../options.ts";

type Headers = Readonly<Record<string, string>> | undefined;
type GrpcConfig = NonNullable<
  ConstructorParameters<typeof import("@opentelemetry/exporter-metrics-otlp-grpc").OTLPMetricExporter>[0]
>;
type Metadata = NonNullable<GrpcConfig["metadata"]>;

// What an option leaves open each exporter finds in the environment by itself: endpoint, headers, timeout, compression and
// certificates.

/** The exporter of metrics for a route. */
export async function openMetricExporter(route: SignalRoute, headers: Headers): Promise<PushMetricExporter> {
  if (route.protocol === "grpc") {
    const { OTLPMetricExporter } = await import("@opentelemetry/exporter-metrics-otlp-grpc");
    return new OTLPMetricExporter(grpcConfig(route, headers, "@opentelemetry/exporter-metrics-otlp-grpc"));
  }
  const { OTLPMetricExporter } =
    route.protocol === "http/json"
      ? await import("@opentelemetry/exporter-metrics-otlp-http")
      : await import("@opentelemetry/exporter-metrics-otlp-proto");
  return new OTLPMetricExporter(httpConfig(route, headers));
}

/** The exporter of spans for a route. */
export async function openSpanExporter(route: SignalRoute, headers: Headers): Promise<SpanExporter> {
  if (route.protocol === "grpc") {
    const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-grpc");
    return new OTLPTraceExporter(grpcConfig(route, headers, "@opentelemetry/exporter-trace-otlp-grpc"));
  }
  const { OTLPTraceExporter } =
    route.protocol === "http/json"
      ? await import("@opentelemetry/exporter-trace-otlp-http")
      : await import("@opentelemetry/exporter-trace-otlp-proto");
  return new OTLPTraceExporter(httpConfig(route, headers));
}

/** The exporter of log records for a route. */
export async function openLogExporter(route: SignalRoute, headers: Headers): Promise<LogRecordExporter> {
  if (route.protocol === "grpc") {
    const { OTLPLogExporter } = await import("@opentelemetry/exporter-logs-otlp-grpc");
    return new OTLPLogExporter(grpcConfig(route, headers, "@opentelemetry/exporter-logs-otlp-grpc"));
  }
  const { OTLPLogExporter } =
    route.protocol === "http/json"
      ? await import("@opentelemetry/exporter-logs-otlp-http")
      : await import("@opentelemetry/exporter-logs-otlp-proto");
  return new OTLPLogExporter(httpConfig(route, headers));
}

function httpConfig({ url }: SignalRoute, headers: Headers): { url?: string; headers?: Record<string, string> } {
  return { ...(url !== undefined && { url }), ...(headers !== undefined && { headers: { ...headers } }) };
}

function grpcConfig({ url }: SignalRoute, headers: Headers, exporter: string): { url?: string; metadata?: Metadata } {
  return {
    ...(url !== undefined && { url }),
    ...(headers !== undefined && { metadata: metadataOf(headers, exporter) }),
  };
}

/** Headers in the form that gRPC has for them, of the copy of it that the exporter uses. */
function metadataOf(headers: Readonly<Record<string, string>>, exporter: string): Metadata {
  const require = createRequire(import.meta.resolve(exporter));
  const grpc: { Metadata: new () => Metadata } = require("@grpc/grpc-js");
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return metadata;
}
