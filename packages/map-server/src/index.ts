export type { MetricFamily, MetricKind, MetricPoint } from "./metrics/metric-family.ts";
export { type MapServer, type MapServerOptions, startMapServer } from "./server.ts";
