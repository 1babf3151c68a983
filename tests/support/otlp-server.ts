import { fields, list } from "@hivewatch/test-support";
import { serve } from "./http-servers.ts";

/** A value that was exported: a number, or of a histogram how many values it holds, in buckets, and their sum. */
export type Exported = number | { readonly count: number; readonly sum: number; readonly buckets: readonly number[] };

/** A server that takes OTLP in JSON. */
export interface OtlpServer {
  readonly url: string;
  /** The paths that were asked for. */
  readonly paths: ReadonlySet<string>;
  /** What stands in the last export of each metric, by its name and attributes: `name{key=value}`. */
  readonly latest: ReadonlyMap<string, Exported>;
  /** Of the resource that the last export was of. */
  readonly resource: ReadonlyMap<string, unknown>;
}

/** Starts one for the test that runs. @param status - what it answers with */
export async function startOtlpServer(status = 200): Promise<OtlpServer> {
  const paths = new Set<string>();
  const latest = new Map<string, Exported>();
  const resource = new Map<string, unknown>();
  const url = await serve((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      paths.add(request.url ?? "");
      response.writeHead(status, { "Content-Type": "application/json" }).end("{}");
      for (const of of list(fields(JSON.parse(Buffer.concat(pieces).toString())).resourceMetrics)) {
        for (const [key, value] of attributesOf(fields(of.resource))) resource.set(key, value);
        for (const { metrics } of list(of.scopeMetrics)) for (const metric of list(metrics)) take(metric);
      }
    });
  });

  function take({ name, sum, gauge, histogram }: Record<string, unknown>): void {
    for (const point of list(fields(sum ?? gauge ?? histogram).dataPoints)) {
      const attributes = attributesOf(point).map(([key, value]) => `${key}=${value}`);
      latest.set(`${name}{${attributes.join()}}`, exportedOf(point));
    }
  }

  return { url, paths, latest, resource };
}

function attributesOf({ attributes }: Record<string, unknown>): [string, unknown][] {
  return list(attributes).map(({ key, value }) => [String(key), Object.values(fields(value))[0]]);
}

function exportedOf({ asDouble, asInt, count, sum, bucketCounts }: Record<string, unknown>): Exported {
  if (!Array.isArray(bucketCounts)) return Number(asDouble ?? asInt);
  return { count: Number(count), sum: Number(sum), buckets: bucketCounts.map(Number) };
}
