import type { IncomingMessage } from "node:http";
import { failureOf, RequestFailure, STORE_FAULT, serverAt, timedOut, unanswered } from "./failure.ts";
import type { MultipartSettings } from "./multipart.ts";
import { createTransport, type LocalFile, type Outgoing, type Transport, type Way } from "./transport.ts";

/** Where MLflow is, and as whom it is asked. */
export interface Connection extends Way {
  /** With a path that ends with `/`, and without credentials. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly multipart: MultipartSettings;
}

/** What is sent. */
export interface ApiRequest {
  readonly method: Outgoing["method"];
  /** Below the tracking URI. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | LocalFile | undefined;
}

/** Sends requests to one MLflow. */
export interface Requester {
  readonly url: URL;
  readonly multipart: MultipartSettings;
  /**
   * @returns the JSON of the answer; undefined if it has none
   * @throws RequestFailure
   */
  ask(request: ApiRequest, signal: AbortSignal): Promise<unknown>;
  /**
   * Puts a part of a file where MLflow said, which is another server.
   *
   * @returns its ETag
   * @throws RequestFailure
   */
  putPart(
    target: URL,
    headers: Readonly<Record<string, string>>,
    part: LocalFile,
    signal: AbortSignal,
  ): Promise<string>;
  close(): void;
}

/** The slowest upload that is waited for. */
const LEAST_BYTES_PER_MS = 100;

export function createRequester(connection: Connection): Requester {
  const { url, timeoutMs, proxyFor } = connection;
  const toMlflow = createTransport(connection);
  // Another server has other certificates.
  const toOthers = createTransport({ proxyFor, tls: {} });

  async function answerTo(
    transport: Transport,
    target: URL,
    outgoing: Outgoing,
    signal: AbortSignal,
  ): Promise<{ response: IncomingMessage; text: string }> {
    const limitMs = Math.ceil(timeoutMs + sizeOf(outgoing.body) / LEAST_BYTES_PER_MS);
    const timeout = AbortSignal.timeout(Math.min(limitMs, 2 ** 31 - 1));
    try {
      const response = await transport.send(target, outgoing, AbortSignal.any([signal, timeout]));
      return { response, text: await textOf(response) };
    } catch (thrown) {
      if (thrown instanceof RequestFailure) throw thrown;
      const who = target.host === url.host ? serverAt(url) : storeAt(target);
      throw timeout.aborted && !signal.aborted ? timedOut(limitMs / 1000, who) : unanswered(thrown, who);
    }
  }

  return {
    url,
    multipart: connection.multipart,
    async ask({ method, path, query = {}, body }, signal) {
      const target = new URL(path, url);
      for (const [name, value] of Object.entries(query)) target.searchParams.set(name, value);
      const outgoing = { method, headers: { ...connection.headers, ...bodyHeaders(body) }, body };
      const { response, text } = await answerTo(toMlflow, target, outgoing, signal);
      if (!isSuccess(response)) throw failureOf(statusOf(response), text, response.headers["retry-after"], url);
      return jsonOf(text);
    },
    async putPart(target, headers, part, signal) {
      const outgoing: Outgoing = { method: "PUT", headers: { ...headers, ...lengthOf(part) }, body: part };
      const { response } = await answerTo(toOthers, target, outgoing, signal);
      if (isSuccess(response)) return response.headers.etag ?? "";
      const status = statusOf(response);
      throw new RequestFailure(`${storeAt(target)} answered HTTP ${status}`, { status, code: STORE_FAULT });
    },
    close() {
      toMlflow.close();
      toOthers.close();
    },
  };
}

function storeAt({ host }: URL): string {
  return `the store at ${host}, which MLflow named,`;
}

function statusOf({ statusCode = 0 }: IncomingMessage): number {
  return statusCode;
}

function isSuccess(response: IncomingMessage): boolean {
  return statusOf(response) >= 200 && statusOf(response) < 300;
}

function sizeOf(body: ApiRequest["body"]): number {
  return typeof body === "object" ? body.size : (body?.length ?? 0);
}

function bodyHeaders(body: ApiRequest["body"]): Record<string, string> {
  if (body === undefined) return {};
  if (typeof body === "object") return { "content-type": "application/octet-stream", ...lengthOf(body) };
  return { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) };
}

function lengthOf({ size }: LocalFile): Record<string, string> {
  return { "content-length": String(size) };
}

async function textOf(response: IncomingMessage): Promise<string> {
  response.setEncoding("utf8");
  let text = "";
  for await (const piece of response) text += piece;
  return text;
}

/** Uploads are answered with nothing, or with a page. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
