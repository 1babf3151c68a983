import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Fields, fields, list } from "../fields.ts";
import { freePort } from "../free-port.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { answers, type ReceiverProgram, startReceiver } from "./receiver-program.ts";

/** A series of an answer, with its newest value or with all of a range. */
export interface PrometheusSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly PrometheusPoint[];
}

export interface PrometheusPoint {
  /** Seconds since 1970. */
  readonly time: number;
  /** Of a number. */
  readonly value: number | undefined;
  /** Of a native histogram. */
  readonly histogram: { readonly count: number; readonly sum: number } | undefined;
}

/** Times in seconds since 1970, and how far apart the points of the answer are. */
export interface PrometheusRange {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** A Prometheus with its OTLP receiver on. */
export interface Prometheus extends ReceiverProgram {
  /** `http://127.0.0.1:…` */
  readonly url: string;
  /** To which exporters of OTLP over HTTP append `/v1/metrics`. */
  readonly otlp: string;
  /**
   * Asks for what was at a time.
   *
   * @param time - seconds since 1970
   */
  query(query: string, time?: number): Promise<PrometheusSeries[]>;
  queryRange(query: string, range: PrometheusRange): Promise<PrometheusSeries[]>;
  /** Asks its API for something else, such as `targets`. */
  ask(path: string, parameters?: Readonly<Record<string, string>>): Promise<unknown>;
}

/**
 * Starts a Prometheus on a free port, and waits until it answers.
 *
 * @param config - its configuration, or the file that has it
 */
export async function startPrometheus(executable: string, config: Fields | string = {}): Promise<Prometheus> {
  const folder = await temporaryFolder();
  const port = await freePort();
  const file = typeof config === "string" ? config : join(folder, "prometheus.json");
  // JSON is YAML.
  if (typeof config !== "string") await writeFile(file, JSON.stringify(config));
  const url = `http://127.0.0.1:${port}`;
  const flags = {
    "config.file": file,
    "storage.tsdb.path": join(folder, "data"),
    // Runs that were saved are of any age.
    "storage.tsdb.retention.time": "100y",
    "web.listen-address": `127.0.0.1:${port}`,
  };
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  const running = await startReceiver(executable, [...args, "--web.enable-otlp-receiver"], () =>
    answers(`${url}/-/ready`),
  );
  async function ask(path: string, parameters: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const { status, data, error } = fields(await response.json());
    if (status !== "success") throw new Error(`${path} ${JSON.stringify(parameters)}: ${error}`);
    return data;
  }
  return {
    ...running,
    url,
    otlp: `${url}/api/v1/otlp`,
    ask,
    query: async (query, time) =>
      seriesOf(await ask("query", { query, ...(time !== undefined && { time: String(time) }) })),
    queryRange: async (query, { start, end, step }) =>
      seriesOf(await ask("query_range", { query, start: String(start), end: String(end), step: String(step) })),
  };
}

function seriesOf(data: unknown): PrometheusSeries[] {
  const { resultType, result } = fields(data);
  if (resultType === "scalar") return [{ labels: {}, points: pairsOf([result]) }];
  return list(result).map(({ metric, value, values, histogram, histograms }) => ({
    labels: Object.fromEntries(Object.entries(fields(metric)).map(([name, label]) => [name, String(label)])),
    points: [
      ...pairsOf(values ?? (value === undefined ? [] : [value])),
      ...histogramsOf(histograms ?? (histogram === undefined ? [] : [histogram])),
    ],
  }));
}

function pairsOf(values: unknown): PrometheusPoint[] {
  return pairs(values).map(([time, value]) => ({ time: Number(time), value: numberOf(value), histogram: undefined }));
}

function histogramsOf(values: unknown): PrometheusPoint[] {
  return pairs(values).map(([time, value]) => {
    const { count, sum } = fields(value);
    return { time: Number(time), value: undefined, histogram: { count: numberOf(count), sum: numberOf(sum) } };
  });
}

/** Prometheus writes `+Inf`. */
function numberOf(value: unknown): number {
  return Number(String(value).replace("Inf", "Infinity"));
}

function pairs(values: unknown): [unknown, unknown][] {
  if (!Array.isArray(values)) throw new Error(`expected a list, got ${JSON.stringify(values)}`);
  return values.map((pair: unknown) => {
    if (!Array.isArray(pair)) throw new Error(`expected a pair, got ${JSON.stringify(pair)}`);
    return [pair[0], pair[1]];
  });
}
