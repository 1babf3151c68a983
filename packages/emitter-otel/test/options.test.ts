import { HiveWatchError } from "@hivewatch/core";
import { expect, it } from "vitest";
import { settingsOf } from "../src/options.ts";

function routes(env: Record<string, string>, options = {}) {
  return settingsOf(options, env).routes.map(({ signal, protocol, url, place }) => ({ signal, protocol, url, place }));
}

it("sends all signals to this machine, if nobody says anything", () => {
  const common = { protocol: "http/protobuf", url: undefined, place: "localhost:4318" };
  expect(routes({})).toEqual(["metrics", "traces", "logs"].map((signal) => ({ signal, ...common })));
});

it("takes an endpoint for all signals, and leaves those of the environment to the exporters", () => {
  expect(routes({}, { endpoint: "https://user:secret@otlp.example/base/", signals: ["logs"] })).toEqual([
    {
      signal: "logs",
      protocol: "http/protobuf",
      url: "https://user:secret@otlp.example/base/v1/logs",
      place: "otlp.example",
    },
  ]);
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://all:4318",
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://tempo:4317",
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "grpc",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
  };
  expect(routes(env)).toEqual([
    { signal: "metrics", protocol: "http/json", url: undefined, place: "all:4318" },
    { signal: "traces", protocol: "grpc", url: undefined, place: "tempo:4317" },
    { signal: "logs", protocol: "http/json", url: undefined, place: "all:4318" },
  ]);
});

it("makes no signals that are switched off, and says which it can't send otherwise", () => {
  const said: string[] = [];
  const env = {
    OTEL_LOGS_EXPORTER: "none",
    OTEL_METRICS_EXPORTER: "prometheus",
    OTEL_TRACES_EXPORTER: "console, otlp",
  };
  expect(routes(env, { onDiagnostic: (message: string) => said.push(message) }).map(({ signal }) => signal)).toEqual([
    "traces",
  ]);
  expect(said).toEqual([expect.stringContaining("OTEL_METRICS_EXPORTER is prometheus")]);
  expect(routes({ OTEL_SDK_DISABLED: "true" })).toEqual([]);
});

it("bounds requests as the environment says", () => {
  const env = { OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "100", OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: "nonsense" };
  expect(settingsOf({}, env).routes.map(({ maxItems }) => maxItems)).toEqual([2000, 100, 512]);
});

it("counts a variable that must be more than 0, and isn't, as not set", () => {
  const env = { OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "0", OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: "-5" };
  expect(settingsOf({}, env).routes.map(({ maxItems }) => maxItems)).toEqual([2000, 512, 512]);
  expect(settingsOf({}, { OTEL_METRIC_EXPORT_INTERVAL: "0" }).intervalMicros).toBe(60_000_000);
});

it("counts a variable that is empty as not set", () => {
  expect(settingsOf({}, { HIVEWATCH_OTEL_PER_CLIENT: "", OTEL_METRIC_EXPORT_INTERVAL: " " })).toMatchObject({
    perClient: 0,
    intervalMicros: 60_000_000,
  });
  expect(settingsOf({}, { HIVEWATCH_OTEL_PER_CLIENT: "7" }).perClient).toBe(7);
});

it.each([
  [{}, { OTEL_EXPORTER_OTLP_PROTOCOL: "http/xml" }, "http/xml"],
  [{ endpoint: "collector" }, {}, "collector"],
  [{ perClient: -1 }, {}, "perClient"],
  [{ maxClientSpans: 0.5 }, {}, "maxClientSpans"],
])("says what is wrong with %o %o", (options, env, what) => {
  const open = () => settingsOf(options, env);
  expect(open).toThrow(HiveWatchError);
  expect(open).toThrow(what);
});
