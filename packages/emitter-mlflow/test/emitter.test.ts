import { rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { type HiveEvent, parseEvent } from "@hivewatch/core";
import { listen, temporaryFolder, until } from "@hivewatch/test-support";
import { expect, it, onTestFinished, vi } from "vitest";
import { mlflowEmitter } from "../src/index.ts";

// Faults that a real server can't be asked for. All else is tested with real ones, in tests/mlflow*.test.ts.
type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => boolean;

/** The least that stands for an MLflow server: one experiment, one run, and it takes everything. */
async function startStandIn(fault: Answer): Promise<{ url: string; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    let body = "";
    request.setEncoding("utf8").on("data", (piece) => {
      body += piece;
    });
    request.on("end", () => {
      if (!fault(request, response, body)) response.end(JSON.stringify(ANSWER));
    });
  });
  return { url: `http://127.0.0.1:${await listen(server)}`, requests };
}

const ANSWER = {
  experiment: { experiment_id: "1", lifecycle_stage: "active" },
  run: { info: { run_id: "m", experiment_id: "1", artifact_uri: "mlflow-artifacts:/1/m/artifacts" } },
};
/** As MLflow answers what its database says. */
const badRequest = (message: string): string => JSON.stringify({ error_code: "BAD_REQUEST", message });
const isArtifacts = ({ url = "" }: IncomingMessage): boolean => url.startsWith("/api/2.0/mlflow-artifacts/");
const NEVER = new AbortController().signal;

function events(...fields: readonly Record<string, unknown>[]): HiveEvent[] {
  return fields.map((each) => parseEvent({ run_id: "r", timestamp: "2026-01-01T00:00:00Z", ...each }));
}

it("an artifact store that always fails holds nothing up for ever", async () => {
  const { url, requests } = await startStandIn((request, response) => {
    if (!isArtifacts(request)) return false;
    response.writeHead(500).end("<html>bucket not found</html>");
    return true;
  });
  const emitter = mlflowEmitter({ trackingUri: url });
  onTestFinished(() => emitter.finish?.());
  const batch = events(
    { event_type: "client_dropout", round: 1, clients: [{ client_id: "a" }], reason: "gone" },
    { event_type: "finished" },
  );
  const statuses: string[] = [];
  for (let attempt = 0; attempt < 5; attempt++) statuses.push((await emitter.write(batch, NEVER)).status);
  expect(statuses).toEqual(["retry", "retry", "retry", "retry", "delivered"]);
  const updates = requests.filter((request) => request.url?.endsWith("/runs/update"));
  expect(updates).toHaveLength(1);
});

it("tables are listed beside those of others, if they have arrived", async () => {
  const others = { path: "theirs.json", type: "table" };
  let stored = JSON.stringify([others]);
  const { url } = await startStandIn((request, response, body) => {
    if (request.url?.includes("/runs/get?") === true) {
      const data = { tags: [{ key: "mlflow.loggedArtifacts", value: stored }] };
      response.end(JSON.stringify({ run: { ...ANSWER.run, data } }));
      return true;
    }
    if (body.includes("mlflow.loggedArtifacts")) stored = JSON.parse(body).tags[0].value;
    if (!isArtifacts(request)) return false;
    if (request.url?.endsWith("locations.json") === true) {
      response.writeHead(400).end(badRequest("it is too large"));
    } else {
      response.end(JSON.stringify({ files: [{ path: "dropouts.json", file_size: sizes.at(-1) }] }));
    }
    if (request.method === "PUT") sizes.push(Number(request.headers["content-length"]));
    return true;
  });
  const sizes: number[] = [];
  const emitter = mlflowEmitter({ trackingUri: url, logGeo: true });
  onTestFinished(() => emitter.finish?.());
  const client = { client_id: "a", lat: 1, lng: 2 };
  const batch = events(
    { event_type: "client_dropout", round: 1, clients: [client], reason: "gone" },
    { event_type: "client_update", round: 1, clients: [client] },
    { event_type: "finished" },
  );
  expect(await emitter.write(batch, NEVER)).toMatchObject({ status: "delivered", refused: 1 });
  expect(JSON.parse(stored)).toEqual([others, { path: "dropouts.json", type: "table" }]);
});

it("a store that keeps less than it takes holds nothing up for ever", async () => {
  const { url } = await startStandIn((request, response) => {
    if (!isArtifacts(request) || request.method !== "GET") return false;
    response.end(JSON.stringify({ files: [{ path: "dropouts.json", file_size: 1 }] }));
    return true;
  });
  const emitter = mlflowEmitter({ trackingUri: url });
  onTestFinished(() => emitter.finish?.());
  const batch = events(
    { event_type: "comm_failure", round: 1, client_id: "a", reason: "gone" },
    { event_type: "finished" },
  );
  for (let attempt = 0; attempt < 4; attempt++) {
    expect(await emitter.write(batch, NEVER)).toMatchObject({ status: "retry" });
  }
  expect(await emitter.write(batch, NEVER)).toMatchObject({
    status: "delivered",
    reason: expect.stringMatching(/dropouts\.json is not sent, after 5 attempts: of dropouts\.json, \d+ bytes, 1 has/),
  });
});

it("an upload of which less has arrived than was sent is sent again", async () => {
  let listings = 0;
  const { url, requests } = await startStandIn((request, response) => {
    if (!isArtifacts(request) || request.method !== "GET") return false;
    listings++;
    const size = listings === 1 ? 0 : Number(uploads().at(-1)?.headers["content-length"]);
    response.end(JSON.stringify({ files: [{ path: "dropouts.json", file_size: size }] }));
    return true;
  });
  const uploads = () => requests.filter(({ method }) => method === "PUT");
  const emitter = mlflowEmitter({ trackingUri: url });
  onTestFinished(() => emitter.finish?.());
  const batch = events(
    { event_type: "comm_failure", round: 1, client_id: "a", reason: "ü" },
    { event_type: "finished" },
  );
  expect(await emitter.write(batch, NEVER)).toMatchObject({
    status: "retry",
    reason: expect.stringMatching(/^of dropouts\.json, \d+ bytes, 0 has arrived at MLflow$/),
  });
  expect(await emitter.write(batch, NEVER)).toEqual({ status: "delivered" });
  expect(uploads()).toHaveLength(2);
  for (const { headers } of uploads()) expect(Number(headers["content-length"])).toBeGreaterThan(0);
});

it("an MLflow without logged models is told of, and holds nothing up", async () => {
  const { url } = await startStandIn((request, response) => {
    if (!(request.url ?? "").includes("logged-models")) return false;
    response.writeHead(404).end("<!doctype html><title>404 Not Found</title>");
    return true;
  });
  const checkpointDir = await temporaryFolder();
  await writeFile(join(checkpointDir, "w.bin"), "w");
  const emitter = mlflowEmitter({ trackingUri: url, checkpointDir, logModels: true });
  onTestFinished(() => emitter.finish?.());
  expect(await emitter.write(events({ event_type: "checkpoint", round: 1, path: "w.bin" }), NEVER)).toEqual({
    status: "delivered",
    refused: 1,
    reason: "a checkpoint is not taken: this MLflow has no logged models; they came with MLflow 3",
  });
});

it("this machine is sampled while its run is quiet; what could not be sent comes later", async () => {
  const refused: number[] = [];
  const taken: number[] = [];
  const { url } = await startStandIn((request, response, body) => {
    if (request.url?.endsWith("/log-batch") !== true || !body.includes("system/cpu")) return false;
    const isFirst = refused.length === 0;
    const { metrics } = JSON.parse(body);
    for (const { key, timestamp } of metrics)
      if (key === "system/cpu_utilization_percentage") (isFirst ? refused : taken).push(timestamp);
    if (isFirst) response.writeHead(500).end();
    return isFirst;
  });
  const emitter = mlflowEmitter({ trackingUri: url, systemMetrics: true, samplingIntervalSec: 0.05 });
  onTestFinished(() => emitter.finish?.());
  const now = parseEvent({ run_id: "r", event_type: "init", timestamp: new Date().toISOString() });
  expect(await emitter.write([now], NEVER)).toEqual({ status: "delivered" });
  await until("samples", () => taken.length > refused.length + 2);
  expect(taken.slice(0, refused.length)).toEqual(refused);
  expect(new Set(taken).size).toBe(taken.length);
});

it("tags that MLflow has for itself are set once, and do not hide whose run it is", async () => {
  const created: unknown[] = [];
  const { url } = await startStandIn((request, _response, body) => {
    if (request.url?.endsWith("/runs/create") === true) created.push(JSON.parse(body));
    return false;
  });
  const tags = { "mlflow.user": "eva", "mlflow.runName": "mine", "hivewatch/run_id": "another" };
  const emitter = mlflowEmitter({ trackingUri: url, tags });
  onTestFinished(() => emitter.finish?.());
  await emitter.write(events({ event_type: "init" }), NEVER);
  expect(created).toMatchObject([
    {
      run_name: "mine",
      tags: [
        { key: "mlflow.source.name", value: "hivewatch" },
        { key: "mlflow.source.type", value: "LOCAL" },
        { key: "mlflow.user", value: "eva" },
        { key: "hivewatch/run_id", value: "r" },
      ],
    },
  ]);
});

it.each([
  ["in seconds", "7", 7000],
  ["as a date that is past", "Thu, 01 Jan 2026 00:00:00 GMT", 0],
  ["as a date that is far away", "Fri, 01 Jan 2990 00:00:00 GMT", 300_000],
  ["in no way", "soon", undefined],
])("a server that is busy says when it wants to be asked again, %s", async (_how, retryAfter, afterMs) => {
  const { url } = await startStandIn((_request, response) => {
    response
      .writeHead(429, { "retry-after": retryAfter })
      .end('{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"slow down"}');
    return true;
  });
  const emitter = mlflowEmitter({ trackingUri: url });
  onTestFinished(() => emitter.finish?.());
  expect(await emitter.write(events({ event_type: "init" }), NEVER)).toEqual({
    status: "retry",
    afterMs,
    reason: `MLflow at ${url} answered HTTP 429: slow down`,
  });
});

it.each([
  ["a pool without a connection", badRequest("QueuePool limit of size 5 overflow 10 reached, connection timed out")],
  ["a connection that is closed", badRequest("(psycopg2.InterfaceError) connection already closed")],
  ["a session of before", badRequest("Can't reconnect until invalid transaction is rolled back. (Background on …)")],
  ["another one", badRequest("This Session's transaction has been rolled back due to a previous exception")],
  ["a gateway", "<html><h1>400 Bad Request</h1></html>"],
])("values are sent again after what is refused for a moment only: %s", async (_what, answer) => {
  let failures = 0;
  const { url, requests } = await startStandIn((_request, response, body) => {
    if (!body.includes("round/loss") || failures++ > 0) return false;
    response.writeHead(400).end(answer);
    return true;
  });
  const emitter = mlflowEmitter({ trackingUri: url });
  onTestFinished(() => emitter.finish?.());
  const batch = events({ event_type: "round_end", round: 1, round_metrics: { global_loss: 1 } });
  expect(await emitter.write(batch, NEVER)).toMatchObject({
    status: "retry",
    reason: expect.stringMatching(/HTTP 400/),
  });
  expect(await emitter.write(batch, NEVER)).toEqual({ status: "delivered" });
  expect(requests.filter((request) => request.url?.endsWith("/log-batch"))).toHaveLength(2);
});

it("a file of a checkpoint that can't be read is refused by itself, and all else goes on", async () => {
  const checkpointDir = await temporaryFolder();
  const model = join(checkpointDir, "model");
  await mkdir(model);
  for (const name of ["a", "b"]) await writeFile(join(model, name), "weights");
  const { url, requests } = await startStandIn((request, response) => {
    if (!isArtifacts(request)) return false;
    // Permissions would keep everybody from it but root, who runs the tests on some machines.
    if (request.method === "PUT") rmSync(join(model, request.url?.endsWith("a") === true ? "b" : "a"), { force: true });
    response.end(JSON.stringify({ files: ["a", "b"].map((path) => ({ path, file_size: "weights".length })) }));
    return true;
  });
  const emitter = mlflowEmitter({ trackingUri: url, checkpointDir });
  onTestFinished(() => emitter.finish?.());
  const batch = events(
    { event_type: "checkpoint", round: 1, path: "model" },
    { event_type: "round_end", round: 1, round_metrics: { global_loss: 1 } },
  );
  expect(await emitter.write(batch, NEVER)).toEqual({
    status: "delivered",
    refused: 1,
    reason: expect.stringMatching(/^checkpoints\/round_0001\/model\/[ab] is not taken: it can't be read: ENOENT/),
  });
  expect(requests.filter(({ method }) => method === "PUT")).toHaveLength(1);
});

it("an upload is waited for as long as its size may take", async () => {
  vi.stubEnv("MLFLOW_HTTP_REQUEST_TIMEOUT", "7");
  const limits = vi.spyOn(AbortSignal, "timeout");
  onTestFinished(() => {
    vi.unstubAllEnvs();
    limits.mockRestore();
  });
  const checkpointDir = await temporaryFolder();
  const size = 5_000_000;
  await writeFile(join(checkpointDir, "w.bin"), Buffer.alloc(size));
  const { url } = await startStandIn((request, response) => {
    if (!isArtifacts(request)) return false;
    response.end(JSON.stringify({ files: [{ path: "w.bin", file_size: size }] }));
    return true;
  });
  const emitter = mlflowEmitter({ trackingUri: url, checkpointDir });
  onTestFinished(() => emitter.finish?.());
  expect(await emitter.write(events({ event_type: "checkpoint", round: 1, path: "w.bin" }), NEVER)).toEqual({
    status: "delivered",
  });
  // 10 s more for each MB.
  expect(limits.mock.calls.flat().filter((ms) => ms > 10_000)).toEqual([57_000]);
  expect(limits.mock.calls.flat()).toContain(7000);
});

it("an empty twin, which a lost answer has left, is deleted at the end", async () => {
  const runOf = (id: string, params: readonly unknown[]) => ({
    info: { ...ANSWER.run.info, run_id: id },
    data: { params },
  });
  let creations = 0;
  const { url, requests } = await startStandIn((request, response) => {
    if (request.url?.endsWith("/runs/create") === true && creations++ === 0) {
      request.socket.destroy();
      return true;
    }
    if (request.url?.endsWith("/runs/search") !== true) return false;
    const runs = creations < 2 ? [] : [runOf("twin", []), runOf("m", [{ key: "lr", value: "1" }])];
    response.end(JSON.stringify({ runs }));
    return true;
  });
  const emitter = mlflowEmitter({ trackingUri: url });
  onTestFinished(() => emitter.finish?.());
  const batch = events({ event_type: "init" }, { event_type: "finished" });
  expect(await emitter.write(batch, NEVER)).toMatchObject({ status: "retry" });
  expect(await emitter.write(batch, NEVER)).toEqual({ status: "delivered" });
  expect(requests.filter((request) => request.url?.endsWith("/runs/delete"))).toHaveLength(1);
});
