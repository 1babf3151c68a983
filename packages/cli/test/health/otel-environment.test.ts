import { expect, test } from "vitest";
import { packagesFor } from "../../src/health/load-open-telemetry.ts";
import { otelEnvironment } from "../../src/health/otel-environment.ts";

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318" };

test.each([
  {},
  { OTEL_SERVICE_NAME: "x", OTEL_RESOURCE_ATTRIBUTES: "a=b", OTEL_TRACES_EXPORTER: "otlp", OTEL_LOGS_EXPORTER: "otlp" },
  { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://127.0.0.1:4318", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" },
  { OTEL_METRIC_EXPORT_INTERVAL: "1000" },
  { OTEL_EXPORTER_OTLP_ENDPOINT: "" },
  { OTEL_METRICS_EXPORTER: " " },
  { ...ENDPOINT, OTEL_METRICS_EXPORTER: "none" },
  { ...ENDPOINT, OTEL_METRICS_EXPORTER: "console, none" },
  { ...ENDPOINT, OTEL_SDK_DISABLED: "true" },
  { ...ENDPOINT, OTEL_SDK_DISABLED: " TRUE" },
])("nothing is exported with %j", (env) => {
  expect(otelEnvironment(env)).toBeUndefined();
});

test.each([
  ENDPOINT,
  { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "http://127.0.0.1:4318/v1/metrics" },
  { OTEL_METRICS_EXPORTER: "otlp" },
  { OTEL_METRICS_EXPORTER: "console" },
  { ...ENDPOINT, OTEL_SDK_DISABLED: "false" },
])("health is exported with %j, under our name", (env) => {
  expect(otelEnvironment(env)).toEqual({ ...env, OTEL_SERVICE_NAME: "hivewatch" });
});

test.each([
  { OTEL_SERVICE_NAME: "mine" },
  { OTEL_RESOURCE_ATTRIBUTES: "service.name=mine" },
  { OTEL_RESOURCE_ATTRIBUTES: "a=b, service.name = mine" },
])("a name of the user's is kept: %j", (named) => {
  const env = { ...ENDPOINT, ...named };
  expect(otelEnvironment(env)).toEqual(env);
});

test.each([
  ["20.19.0", "@opentelemetry/api@1.9 @opentelemetry/sdk-node@0.223"],
  ["22.14.1", "@opentelemetry/api@1.9 @opentelemetry/sdk-node@0.223"],
  ["22.15.0", "@opentelemetry/api @opentelemetry/sdk-node"],
  ["24.0.0", "@opentelemetry/api @opentelemetry/sdk-node"],
])("on Node %s it takes %s", (version, packages) => {
  expect(packagesFor(version)).toBe(packages);
});
