import { type Exchange, sendText } from "../responses.ts";
import { chooseFormat } from "./choose-format.ts";
import type { MetricFamily } from "./metric-family.ts";
import { type MetricsFormat, metricsText } from "./metrics-text.ts";

const CONTENT_TYPES: Readonly<Record<MetricsFormat, string>> = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** `GET /metrics`, in the form that is asked for. */
export function sendMetrics(exchange: Exchange, families: readonly MetricFamily[]): void {
  const format = chooseFormat(exchange.request.headers.accept ?? "");
  exchange.response.setHeader("Vary", "Accept");
  sendText(exchange, 200, metricsText(families, format), CONTENT_TYPES[format]);
}
