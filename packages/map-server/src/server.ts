import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { errorMessage, HiveWatchError } from "@hivewatch/core";
import type { RunStore } from "@hivewatch/runs";
import { isAllowedHost, safeHeaders } from "./guard.ts";
import type { MetricFamily } from "./metrics/metric-family.ts";
import { type Exchange, sendText } from "./responses.ts";
import { type RouteContext, route } from "./routes.ts";
import { createStreamParts } from "./stream/stream-parts.ts";
import { loadViewer } from "./viewer-files.ts";

export interface MapServerOptions {
  /** The runs to show. */
  store: RunStore;
  /** Default `127.0.0.1`. */
  host?: string | undefined;
  /** 0: the system chooses. Default 7070. */
  port?: number | undefined;
  /** Show this run alone. */
  runId?: string | undefined;
  /** Names, beside `localhost` and IP addresses, under which browsers may ask for the page. */
  allowHosts?: readonly string[] | undefined;
  /** Origins whose pages may show the viewer in a frame: `https://wiki.example`. Default: none. */
  allowEmbed?: readonly string[] | undefined;
  /**
   * How long a subscriber of a stream may take nothing, before he is told to load the run anew and his stream ends.
   * Default 30,000 ms.
   */
  stalledAfterMs?: number | undefined;
  /** What `/metrics` tells. Default: there is no such page. */
  metrics?: (() => readonly MetricFamily[]) | undefined;
  /** Told of requests that failed for a reason of ours. */
  onDiagnostic?: ((message: string) => void) | undefined;
}

/** A map server that listens. */
export interface MapServer {
  /** For a browser: `http://127.0.0.1:7070`. */
  readonly url: string;
  readonly port: number;
  /** How many subscribers the streams have. */
  readonly subscribers: number;
  /** Ends all streams and stops. */
  close(): Promise<void>;
}

// The same from src/ and from dist/.
const VIEWER_DIR = fileURLToPath(new URL("../viewer/", import.meta.url));

const STALLED_AFTER_MS = 30_000;

/**
 * Starts the web server of the viewer. It only reads.
 *
 * @throws HiveWatchError `unavailable` if the address can't be listened on
 */
export async function startMapServer(options: MapServerOptions): Promise<MapServer> {
  const { store, host = "127.0.0.1", port = 7070, runId, allowHosts = [], onDiagnostic = () => {} } = options;
  const closing = new AbortController();
  const streams = createStreamParts({
    store,
    stalledAfterMs: options.stalledAfterMs ?? STALLED_AFTER_MS,
    closing: closing.signal,
  });
  const { metrics } = options;
  const context: RouteContext = { store, viewer: await loadViewer(VIEWER_DIR), runId, streams, metrics };
  const names = [...allowHosts, host].map((name) => name.toLowerCase());
  const headers = safeHeaders(options.allowEmbed ?? []);

  const server = createServer((request, response) => {
    answer(request, response, context, names, headers).catch((error: unknown) => {
      onDiagnostic(`${request.url}: ${errorMessage(error)}`);
      if (!response.headersSent) response.writeHead(500, { "Content-Type": "text/plain" });
      response.end();
    });
  });
  const bound = await listen(server, host, port);
  // Such as a connection too many for the system; nobody's listening would end the process.
  server.on("error", (error) => onDiagnostic(errorMessage(error)));
  return {
    url: `http://${urlHost(host)}:${bound}`,
    port: bound,
    get subscribers() {
      return streams.subscribers.size;
    },
    close() {
      closing.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  context: RouteContext,
  allowHosts: readonly string[],
  headers: OutgoingHttpHeaders,
): Promise<void> {
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) response.setHeader(name, value);
  const url = parseUrl(request.url);
  const exchange: Exchange = { request, response, query: url?.searchParams ?? new URLSearchParams() };
  if (!isAllowedHost(request, allowHosts)) {
    const host = request.headers.host ?? "";
    return sendText(exchange, 403, `"${host}" is not a name of this server: start it with --allow-host to allow it\n`);
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("Allow", "GET, HEAD");
    return sendText(exchange, 405, "only GET and HEAD\n");
  }
  if (url === undefined) return sendText(exchange, 400, "not a path\n");
  await route(exchange, url.pathname, context);
}

/** @returns undefined for what is no path, escapes that can't be decoded included */
function parseUrl(text: string | undefined): URL | undefined {
  if (text?.startsWith("/") !== true) return undefined;
  try {
    // Put together, since a path that begins with two slashes would be taken for a host's name.
    const url = new URL(`http://server${text}`);
    decodeURIComponent(url.pathname);
    return url;
  } catch {
    return undefined;
  }
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      const message = `can't listen on ${host}:${port}: ${errorMessage(error)}`;
      reject(new HiveWatchError("unavailable", message, { cause: error }));
    };
    server.once("error", fail);
    server.listen(port, host, () => {
      server.off("error", fail);
      resolve(portOf(server.address(), port));
    });
  });
}

function portOf(address: string | AddressInfo | null, port: number): number {
  return typeof address === "object" && address !== null ? address.port : port;
}

/** What a browser can open: a server on all addresses is reached at this machine's own. */
function urlHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}
