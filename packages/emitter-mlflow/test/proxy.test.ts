import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { connect } from "node:net";
import { parseEvent } from "@hivewatch/core";
import { listen, newCertificate } from "@hivewatch/test-support";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { mlflowEmitter } from "../src/index.ts";
import { proxiesOf } from "../src/proxy.ts";

describe("which proxy", () => {
  const proxyOf = (target: string, env: Record<string, string>) => proxiesOf(env)(new URL(target))?.href;

  it.each([
    ["https://mlflow.example.com", { HTTPS_PROXY: "http://p:1" }, "http://p:1/"],
    ["https://mlflow.example.com", { https_proxy: "http://small:1", HTTPS_PROXY: "http://p:1" }, "http://small:1/"],
    ["https://mlflow.example.com", { HTTP_PROXY: "http://p:1" }, undefined],
    ["http://mlflow.example.com", { HTTP_PROXY: "p:3128" }, "http://p:3128/"],
    ["http://mlflow.example.com", { ALL_PROXY: "https://p" }, "https://p/"],
    ["http://mlflow.example.com", { HTTP_PROXY: "" }, undefined],
  ])("%s with %o: %s", (target, env, expected) => expect(proxyOf(target, env)).toBe(expected));

  it.each([
    ["example.com", true],
    [".example.com", true],
    ["other.org, mlflow.Example.com:5000", true],
    ["mlflow.example.com:5001", false],
    ["ample.com", false],
    ["*", true],
    ["", false],
  ])("NO_PROXY %s excepts mlflow.example.com:5000: %s", (no, isExcepted) => {
    const env = { HTTP_PROXY: "http://p:1", NO_PROXY: no };
    expect(proxyOf("http://mlflow.example.com:5000", env) === undefined).toBe(isExcepted);
  });

  it.each([
    ["10.0.0.0/8", true],
    ["10.1.2.3", true],
    ["10.2.0.0/16", false],
    ["2.3", false],
  ])("NO_PROXY %s excepts 10.1.2.3: %s", (no, isExcepted) => {
    const env = { ALL_PROXY: "http://p:1", no_proxy: no };
    expect(proxyOf("http://10.1.2.3:5000", env) === undefined).toBe(isExcepted);
  });

  it("that is none is refused, without its password", () => {
    const choose = () => proxyOf("http://a", { ALL_PROXY: "socks5://eva:secret@p:1" });
    expect(choose).toThrow(/has no address of an HTTP proxy: give it one with http/);
    expect(choose).not.toThrow(/secret/);
  });
});

/** Starts a server, and says under which address. */
async function start(server: Server): Promise<string> {
  return `127.0.0.1:${await listen(server)}`;
}

/** What stands for an MLflow server takes everything. */
const ANSWER = JSON.stringify({
  experiment: { experiment_id: "1", lifecycle_stage: "active" },
  run: { info: { run_id: "m", experiment_id: "1", artifact_uri: "mlflow-artifacts:/1/m/artifacts" } },
});
const BATCH = [parseEvent({ run_id: "r", event_type: "init", timestamp: "2026-01-01T00:00:00Z" })];
const GATE = `Basic ${Buffer.from("eva:p@ss").toString("base64")}`;

/** The address of a proxy that wants a password. */
function withUser(address: string): string {
  return Object.assign(new URL(`http://${address}`), { username: "eva", password: "p@ss" }).href;
}

function write(trackingUri: string, env: Record<string, string>) {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  const emitter = mlflowEmitter({ trackingUri });
  onTestFinished(() => emitter.finish?.());
  return emitter.write(BATCH, new AbortController().signal);
}

it("an http server is asked through its proxy, by its name", async () => {
  const asked: IncomingMessage[] = [];
  const proxy = await start(
    createServer((request, response) => {
      asked.push(request);
      response.end(ANSWER);
    }),
  );
  expect(await write("http://mlflow.test:5000/team", { HTTP_PROXY: withUser(proxy) })).toEqual({
    status: "delivered",
  });
  expect(asked[0]?.url).toMatch(/^http:\/\/mlflow\.test:5000\/team\/api\/2\.0\/mlflow\/experiments\/get-by-name\?/);
  expect(asked[0]?.headers).toMatchObject({ host: "mlflow.test:5000", "proxy-authorization": GATE });
});

it("an https server is reached through a tunnel, and trusted by its own certificate alone", async () => {
  const { cert, key, certPath } = await newCertificate("mlflow.test");
  const server = await start(createSecureServer({ cert, key }, (_request, response) => void response.end(ANSWER)));
  const tunnels: IncomingMessage[] = [];
  const gate = createServer();
  gate.on("connect", (request, socket) => {
    tunnels.push(request);
    const [host, port] = server.split(":");
    const upstream = connect(Number(port), host, () => socket.write("HTTP/1.1 200 OK\r\n\r\n"));
    upstream.pipe(socket).pipe(upstream);
    upstream.on("error", () => socket.destroy());
    socket.on("error", () => upstream.destroy());
  });
  const env = { https_proxy: withUser(await start(gate)) };
  expect(await write("https://mlflow.test", env)).toMatchObject({
    status: "retry",
    reason: expect.stringMatching(/is not trusted; MLFLOW_TRACKING_SERVER_CERT_PATH/),
  });
  tunnels.length = 0;
  expect(await write("https://mlflow.test", { ...env, MLFLOW_TRACKING_SERVER_CERT_PATH: certPath })).toEqual({
    status: "delivered",
  });
  // One connection for all of its requests.
  expect(tunnels.map(({ url }) => url)).toEqual(["mlflow.test:443"]);
  expect(tunnels[0]?.headers["proxy-authorization"]).toBe(GATE);
});

it("a proxy that refuses is told of", async () => {
  const gate = createServer();
  gate.on("connect", (_request, socket) => socket.end("HTTP/1.1 403 Forbidden\r\n\r\n"));
  const proxy = await start(gate);
  expect(await write("https://mlflow.test", { HTTPS_PROXY: proxy })).toMatchObject({
    status: "retry",
    reason: expect.stringContaining(`the proxy at ${proxy} answered HTTP 403`),
  });
});
