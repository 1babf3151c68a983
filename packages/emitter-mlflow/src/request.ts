import { createReadStream } from "node:fs";
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { failureOf, RequestFailure, timedOut, unanswered } from "./failure.ts";

/** Where MLflow is, and as whom it is asked. */
export interface Connection {
  /** With a path that ends with `/`, and without credentials. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly isInsecure: boolean;
  /** Certificates of authorities to be trusted, in PEM. */
  readonly ca: string | undefined;
  readonly timeoutMs: number;
}

/** What is sent. */
export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT";
  /** Below the tracking URI. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | LocalFile | undefined;
}

export interface LocalFile {
  readonly path: string;
  /** In bytes. Not more than that is sent, and not less: servers need to know it before. */
  readonly size: number;
}

/** Sends requests to one MLflow. */
export interface Requester {
  readonly url: URL;
  /**
   * @returns the JSON of the answer; undefined if it has none
   * @throws RequestFailure
   */
  ask(request: ApiRequest, signal: AbortSignal): Promise<unknown>;
  close(): void;
}

/** MLflow's server closes connections that were idle for 5 s; a request that is on its way then would fail. */
const IDLE_MS = 4000;
/** The slowest upload that is waited for. */
const LEAST_BYTES_PER_MS = 100;

export function createRequester(connection: Connection): Requester {
  const { url, headers, timeoutMs } = connection;
  const isSecure = url.protocol === "https:";
  const agentOptions = { keepAlive: true, timeout: IDLE_MS };
  const tls = { rejectUnauthorized: !connection.isInsecure, ...(connection.ca !== undefined && { ca: connection.ca }) };
  const agent = isSecure ? new HttpsAgent({ ...agentOptions, ...tls }) : new HttpAgent(agentOptions);
  const open = isSecure ? httpsRequest : httpRequest;

  function send(request: ApiRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const { method, path, query = {}, body } = request;
    const target = new URL(path, url);
    for (const [name, value] of Object.entries(query)) target.searchParams.set(name, value);
    const given = { ...headers, ...bodyHeaders(body) };
    return new Promise((resolve, reject) => {
      const outgoing = open(target, { method, headers: given, agent, signal });
      outgoing.on("response", resolve);
      outgoing.on("error", reject);
      if (typeof body !== "object") {
        outgoing.end(body);
        return;
      }
      const file = createReadStream(body.path, { end: Math.max(body.size - 1, 0) });
      file.on("error", (error) => outgoing.destroy(error));
      outgoing.on("close", () => file.destroy());
      file.pipe(outgoing);
    });
  }

  return {
    url,
    async ask(request, signal) {
      const limitMs = Math.ceil(timeoutMs + sizeOf(request.body) / LEAST_BYTES_PER_MS);
      const timeout = AbortSignal.timeout(Math.min(limitMs, 2 ** 31 - 1));
      try {
        const response = await send(request, AbortSignal.any([signal, timeout]));
        const text = await textOf(response);
        const { statusCode = 0, headers: answered } = response;
        if (statusCode < 200 || statusCode > 299) throw failureOf(statusCode, text, answered["retry-after"], url);
        return jsonOf(text);
      } catch (thrown) {
        if (thrown instanceof RequestFailure) throw thrown;
        throw timeout.aborted && !signal.aborted ? timedOut(limitMs / 1000, url) : unanswered(thrown, url);
      }
    },
    close: () => agent.destroy(),
  };
}

function sizeOf(body: ApiRequest["body"]): number {
  return typeof body === "object" ? body.size : (body?.length ?? 0);
}

function bodyHeaders(body: ApiRequest["body"]): Record<string, string> {
  if (body === undefined) return {};
  if (typeof body === "object") {
    return { "content-type": "application/octet-stream", "content-length": String(body.size) };
  }
  return { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) };
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
