import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type Fields, fields, list, listen } from "@hivewatch/test-support";

/** A request that a receiver has got. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

export interface Receiver {
  readonly endpoint: string;
  readonly requests: Received[];
  /** What JSON requests of a signal hold. */
  of(signal: string): Fields[];
}

/** Answers by itself if it likes to, and says whether it has. */
export type Fault = (request: Received, response: ServerResponse) => boolean;

/**
 * A receiver of OTLP over HTTP, for faults that a real one can't be asked for, and what a request holds. With real ones:
 * tests/otel*.test.ts.
 */
export async function startReceiver(fault: Fault = () => false): Promise<Receiver> {
  const requests: Received[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const request = { path: incoming.url ?? "", headers: incoming.headers, body: Buffer.concat(chunks) };
      requests.push(request);
      if (fault(request, response)) return;
      const isJson = incoming.headers["content-type"] === "application/json";
      response.writeHead(200, { "content-type": incoming.headers["content-type"] }).end(isJson ? "{}" : "");
    });
  });
  const port = await listen(server);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    requests,
    of: (signal) =>
      requests.filter(({ path }) => path === `/v1/${signal}`).map(({ body }) => fields(JSON.parse(body.toString()))),
  };
}

/** A point of a metric, as JSON has it. */
export interface ReceivedPoint {
  readonly name: string;
  readonly attributes: Fields;
  readonly point: Fields;
}

/** The points of all metrics that a receiver has got as JSON, in order. */
export function pointsAt(receiver: Receiver): ReceivedPoint[] {
  return receiver
    .of("metrics")
    .flatMap((body) => list(body.resourceMetrics).map(fields))
    .flatMap((resource) => list(resource.scopeMetrics).map(fields))
    .flatMap((scope) => list(scope.metrics).map(fields))
    .flatMap((metric) => {
      const data = fields(metric.gauge ?? metric.sum ?? metric.exponentialHistogram);
      return list(data.dataPoints).map((each) => {
        const point = fields(each);
        return { name: String(metric.name), attributes: attributesOf(point), point };
      });
    });
}

/** Attributes as JSON has them, as an object. */
export function attributesOf(of: Fields): Fields {
  const entries = list(of.attributes).map(fields);
  return Object.fromEntries(entries.map(({ key, value }) => [String(key), Object.values(fields(value))[0]]));
}
