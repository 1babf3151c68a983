import { request as httpRequest } from "node:http";
import { type AgentOptions, Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from "node:https";
import { BlockList, isIPv4 } from "node:net";
import { type Duplex, PassThrough } from "node:stream";
import { connect } from "node:tls";
import { HiveWatchError } from "@hivewatch/core";

/** The proxy by which an address is reached; undefined: there is none. */
export type ProxyChooser = (target: URL) => URL | undefined;

type Environment = Readonly<Record<string, string | undefined>>;

/** Chooses as MLflow's own clients do, by `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in small letters too. */
export function proxiesOf(env: Environment): ProxyChooser {
  const read = (name: string): string => env[name.toLowerCase()] ?? env[name] ?? "";
  const exceptions = read("NO_PROXY")
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  return (target) => {
    const address = read(`${target.protocol.slice(0, -1).toUpperCase()}_PROXY`) || read("ALL_PROXY");
    if (address === "" || exceptions.some((entry) => isExcepted(target, entry))) return undefined;
    return proxyAt(address);
  };
}

function isExcepted({ hostname, host }: URL, entry: string): boolean {
  if (entry === "*") return true;
  if (isIPv4(hostname)) return entry === hostname || entry === host || isInSubnet(hostname, entry);
  const name = entry.replace(/^\./, "").toLowerCase();
  return [hostname, host].some((each) => each === name || each.endsWith(`.${name}`));
}

function isInSubnet(address: string, entry: string): boolean {
  const [, net, bits] = /^([\d.]+)\/(\d{1,2})$/.exec(entry) ?? [];
  if (net === undefined || !isIPv4(net) || Number(bits) > 32) return false;
  const list = new BlockList();
  list.addSubnet(net, Number(bits));
  return list.check(address);
}

function proxyAt(address: string): URL {
  const full = address.includes("://") ? address : `http://${address}`;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  // The address may hold a password.
  const hint = "give it one with http, or take the server out of it with NO_PROXY";
  throw new HiveWatchError("usage", `HTTPS_PROXY, HTTP_PROXY or ALL_PROXY has no address of an HTTP proxy: ${hint}`);
}

/** What tells a proxy who asks. */
export function proxyHeaders({ username, password }: URL): Record<string, string> {
  if (username === "") return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { "proxy-authorization": `Basic ${Buffer.from(pair).toString("base64")}` };
}

/** An agent for HTTPS whose connections lead through a proxy. */
export function tunnelAgent(proxy: URL, options: AgentOptions): HttpsAgent {
  const open = proxy.protocol === "https:" ? httpsRequest : httpRequest;

  function createConnection(target: RequestOptions, callback?: (error: Error | null, stream: Duplex) => void): null {
    const path = `${target.host}:${target.port}`;
    const asked = open(proxy, {
      method: "CONNECT",
      path,
      headers: { host: path, ...proxyHeaders(proxy) },
      agent: false,
    });
    // The type wants a stream with the error, too.
    const fail = (error: Error): void => callback?.(error, new PassThrough().destroy());
    asked.on("error", fail);
    asked.on("connect", ({ statusCode }, socket) => {
      const { servername, ca, cert, key, rejectUnauthorized } = target;
      if (statusCode === 200) callback?.(null, connect({ socket, servername, ca, cert, key, rejectUnauthorized }));
      else {
        socket.destroy();
        fail(new Error(`the proxy at ${proxy.host} answered HTTP ${statusCode}`));
      }
    });
    asked.end();
    return null;
  }

  return Object.assign(new HttpsAgent(options), { createConnection });
}
