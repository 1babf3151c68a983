import { createReadStream } from "node:fs";
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { SecureContextOptions } from "node:tls";
import { errorMessage } from "@hivewatch/core";
import { IMPOSSIBLE, RequestFailure } from "./failure.ts";
import { type ProxyChooser, proxyHeaders, tunnelAgent } from "./proxy.ts";

/** How servers are reached. */
export interface Way {
  readonly proxyFor: ProxyChooser;
  readonly tls: Pick<SecureContextOptions, "ca" | "cert" | "key"> & { readonly rejectUnauthorized?: boolean };
}

/** A request with all its headers. */
export interface Outgoing {
  readonly method: "GET" | "POST" | "PUT" | "PATCH";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | LocalFile | undefined;
}

/** A file, or a part of one. */
export interface LocalFile {
  readonly path: string;
  /** In bytes. Not more than that is sent, and not less: servers need to know it before. */
  readonly size: number;
  /** Where in the file it begins, in bytes. Default 0. */
  readonly start?: number;
}

/** Sends requests over connections that are kept open for the next one. */
export interface Transport {
  /** @throws RequestFailure `IMPOSSIBLE` if the file can't be read; else what Node throws */
  send(target: URL, outgoing: Outgoing, signal: AbortSignal): Promise<IncomingMessage>;
  close(): void;
}

/** MLflow's server closes connections that were idle for 5 s; a request that is on its way then would fail. */
const AGENT = { keepAlive: true, timeout: 4000 };

export function createTransport({ proxyFor, tls }: Way): Transport {
  const http = new HttpAgent(AGENT);
  const https = new HttpsAgent({ ...AGENT, ...tls });
  const tunnels = new Map<string, HttpsAgent>();

  function tunnelThrough(proxy: URL): HttpsAgent {
    const agent = tunnels.get(proxy.href) ?? tunnelAgent(proxy, { ...AGENT, ...tls });
    tunnels.set(proxy.href, agent);
    return agent;
  }

  /** Opens a request: to the server, to the proxy in its place, or to the server through the proxy. */
  function open(target: URL, { method, headers }: Outgoing, signal: AbortSignal) {
    const options: RequestOptions = { method, headers, signal };
    const proxy = proxyFor(target);
    if (target.protocol === "https:") {
      return httpsRequest(target, { ...options, agent: proxy === undefined ? https : tunnelThrough(proxy) });
    }
    if (proxy === undefined) return httpRequest(target, { ...options, agent: http });
    const asked = { ...options, path: target.href, headers: { ...headers, host: target.host, ...proxyHeaders(proxy) } };
    return proxy.protocol === "https:"
      ? httpsRequest(proxy, { ...asked, agent: https })
      : httpRequest(proxy, { ...asked, agent: http });
  }

  return {
    send(target, outgoing, signal) {
      const { body } = outgoing;
      return new Promise((resolve, reject) => {
        const request = open(target, outgoing, signal);
        request.on("response", resolve);
        request.on("error", reject);
        if (typeof body !== "object" || body.size === 0) {
          request.end(typeof body === "string" ? body : undefined);
          return;
        }
        const { path, size, start = 0 } = body;
        const file = createReadStream(path, { start, end: start + size - 1 });
        file.on("error", (error) => {
          request.destroy(new RequestFailure(`it can't be read: ${errorMessage(error)}`, { code: IMPOSSIBLE }));
        });
        request.on("close", () => file.destroy());
        file.pipe(request);
      });
    },
    close() {
      for (const agent of [http, https, ...tunnels.values()]) agent.destroy();
    },
  };
}
