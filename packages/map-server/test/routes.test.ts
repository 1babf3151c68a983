import { mkdir, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { readStream, temporaryFolder } from "@hivewatch/test-support";
import { describe, expect, test } from "vitest";
import { ask } from "./support/http.ts";
import { event, finished, init, startTestServer, updates } from "./support/test-server.ts";

const ROUND_END = event({ event_type: "round_end", round: 1, round_metrics: { global_accuracy: 0.5 } });

async function json(url: string, path: string): Promise<unknown> {
  const { status, body } = await ask(url, path);
  expect(status).toBe(200);
  return JSON.parse(body.toString());
}

describe("the routes of Python hivewatch answer", () => {
  test.each(["/health", "/health/", "/health?x=1", "//health"])("%s", async (path) => {
    const { url } = await startTestServer();
    const { status, body, headers } = await ask(url, path);
    expect([status, body.toString(), headers["content-type"]]).toEqual([200, "ok", "text/plain; charset=utf-8"]);
  });

  test.each(["/runs", "/runs/", "/runs?limit=1"])("%s", async (path) => {
    const { url, write } = await startTestServer();
    expect(await json(url, path)).toEqual([]);
    await write([init(), ...updates(2), finished()]);
    expect(await json(url, path)).toMatchObject([
      {
        run_id: "r",
        algorithm: "FedAvg",
        started_at: "2026-11-23T07:43:20.337352+00:00",
        num_events: 4,
        file: "r.jsonl",
        metadata_file: "r.map.json",
        has_metadata: false,
        status: "completed",
        num_clients: 2,
        num_rounds: 1,
      },
    ]);
  });

  test.each(["/runs/r/events", "/runs/r/events/", "/runs/r/events?x=1", "/runs/%72/events"])("%s", async (path) => {
    const { url, write } = await startTestServer();
    await write([init(), ...updates(2), ROUND_END, finished()]);
    expect(await json(url, path)).toMatchObject([
      { event_type: "init" },
      { event_type: "client_update", clients: [{ client_id: "c0", cpu_pct: null }] },
      { event_type: "client_update" },
      { event_type: "round_end", clients: [{ client_id: "c0" }, { client_id: "c1" }] },
      { event_type: "finished" },
    ]);
  });

  test.each(["/runs/r/metadata", "/runs/r/metadata/", "/runs/r/metadata?x=1"])("%s", async (path) => {
    const { url, write } = await startTestServer();
    await write([init(), ...updates(2), ROUND_END]);
    expect(await json(url, path)).toEqual({
      schema_version: 1,
      run_id: "r",
      algorithm: "FedAvg",
      config: { lr: 0.1 },
      started_at: "2026-11-23T07:43:20.337352+00:00",
      finished_at: null,
      server: null,
      rounds: [
        {
          round: 1,
          globalAcc: 0.5,
          globalLoss: null,
          duration: null,
          dispersion: null,
          divergence: null,
          clients: [
            { client_id: "c0", round: 1, local_loss: 0, status: "active" },
            { client_id: "c1", round: 1, local_loss: 1, status: "active" },
          ],
        },
      ],
    });
  });

  test("for a run of Python hivewatch, and for one with a strange name", async () => {
    const dir = await temporaryFolder();
    const line =
      '{"event_type": "init", "run_id": "x", "started_at": "2026-11-23T07:43:20.337352+00:00", "config": {"a": NaN}}';
    await writeFile(join(dir, "病院 100% 🐝.jsonl"), `${line}\n`);
    const { url } = await startTestServer({ dir });
    const path = `/runs/${encodeURIComponent("病院 100% 🐝")}`;
    expect(await json(url, `${path}/events`)).toMatchObject([{ event_type: "init" }]);
    expect(await json(url, `${path}/metadata`)).toMatchObject({ run_id: "病院 100% 🐝", config: { a: "NaN" } });
  });
});

test("numbers that are none are words, so that the answer is JSON", async () => {
  const { url, write } = await startTestServer();
  const client = {
    client_id: "a",
    local_loss: Number.NaN,
    x: Number.POSITIVE_INFINITY,
    deep: [Number.NEGATIVE_INFINITY],
  };
  await write([event({ event_type: "client_update", round: 1, clients: [client] })]);
  const shown = { local_loss: "NaN", x: "Infinity", deep: ["-Infinity"] };
  expect(await json(url, "/runs/r/events")).toMatchObject([{ clients: [shown] }]);
  expect(await json(url, "/runs/r/metadata")).toMatchObject({ rounds: [{ clients: [shown] }] });
});

test("each event has a line of its own, so that who reads them needs no room for all", async () => {
  const { url, write } = await startTestServer();
  await write([init(), ...updates(2)]);
  await write([ROUND_END, finished()]);
  const text = await (await fetch(`${url}/runs/r/events`)).text();
  const lines = text.slice(1, -1).split(",\n");
  expect(lines.map((line): unknown => JSON.parse(line))).toEqual(await json(url, "/runs/r/events"));
  expect(lines).toHaveLength(5);
});

test("an event without clients leaves no hole in the array", async () => {
  const { url, write } = await startTestServer();
  const empty = event({ event_type: "client_update", round: 1, clients: [] });
  await write([empty, init(), empty, finished(), empty]);
  expect(await json(url, "/runs/r/events")).toMatchObject([{ event_type: "init" }, { event_type: "finished" }]);
});

test("JSON is compressed for whoever takes it", async () => {
  const { url, write } = await startTestServer();
  await write(updates(500));
  const plain = await ask(url, "/runs/r/events");
  const packed = await ask(url, "/runs/r/events", { headers: { "Accept-Encoding": "gzip, br" } });
  expect([plain.headers["content-encoding"], packed.headers["content-encoding"]]).toEqual([undefined, "gzip"]);
  expect(packed.headers.vary).toBe("Accept-Encoding");
  expect(gunzipSync(packed.body)).toEqual(plain.body);
  expect(packed.body.length).toBeLessThan(plain.body.length / 4);
});

test("HEAD is answered like GET, without a body", async () => {
  const { url, write } = await startTestServer();
  await write([init()]);
  for (const path of [
    "/health",
    "/runs",
    "/runs/r/events",
    "/runs/r/metadata",
    "/nothing",
    "/stream",
    "/stream?run_id=r",
  ]) {
    const get = path.startsWith("/stream") ? { status: 200 } : await ask(url, path);
    const { status, body } = await ask(url, path, { method: "HEAD" });
    expect([path, status, body.length]).toEqual([path, get.status, 0]);
  }
  const { headers } = await ask(url, "/stream", { method: "HEAD" });
  expect(headers["content-type"]).toBe("text/event-stream");
});

test.each(["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])("%s is not allowed", async (method) => {
  const { url } = await startTestServer();
  const { status, headers } = await ask(url, "/runs", { method });
  expect([status, headers.allow]).toEqual([405, "GET, HEAD"]);
});

test.each([
  "/nothing",
  "/runs/r",
  "/runs/none/events",
  "/runs/r/other",
  "/runs/r/events/more",
  "/favicon.ico",
  "/runs//events",
])("%s is not found", async (path) => {
  const { url, write } = await startTestServer();
  await write([init()]);
  expect((await ask(url, path)).status).toBe(404);
});

test("paths that can't be decoded are refused", async () => {
  const { url } = await startTestServer();
  for (const path of ["/runs/%/events", "/%ff", "/runs/%c3%28/events"]) expect((await ask(url, path)).status).toBe(400);
});

describe("who may ask", () => {
  test.each([
    "localhost",
    "LOCALHOST:7070",
    "127.0.0.1",
    "127.0.0.1:1",
    "192.168.1.5:7070",
    "[::1]:7070",
    "[::1]",
    "hive.example:443",
    "HIVE.example",
  ])("the host %s is ours", async (host) => {
    const { url } = await startTestServer({ allowHosts: ["Hive.example"] });
    expect((await ask(url, "/health", { headers: { Host: host } })).status).toBe(200);
  });

  test.each([
    "evil.example",
    "evil.example:7070",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "127.0.0.1@evil.example",
    "xlocalhost",
    "[evil]",
    "hive.example.evil",
  ])("the host %j is not", async (host) => {
    const { url, write } = await startTestServer({ allowHosts: ["hive.example"] });
    await write([init()]);
    for (const path of ["/", "/runs", "/runs/r/events", "/stream", "/health"]) {
      const { status, body } = await ask(url, path, { headers: { Host: host } });
      expect([path, status]).toEqual([path, 403]);
      expect(body.toString()).toContain("--allow-host");
    }
  });
});

test("no page may show ours in a frame, or those of the sites that were named", async () => {
  const ancestorsOf = async (url: string): Promise<string | undefined> => {
    const { headers } = await ask(url, "/");
    return /frame-ancestors ([^;]*)/.exec(String(headers["content-security-policy"]))?.[1];
  };
  expect(await ancestorsOf((await startTestServer()).url)).toBe("'none'");
  const allowEmbed = ["https://wiki.example", "http://[::1]:8080"];
  expect(await ancestorsOf((await startTestServer({ allowEmbed })).url)).toBe("https://wiki.example http://[::1]:8080");
});

test("every answer has the headers that keep a browser safe, and none that let other pages read it", async () => {
  const { url, write } = await startTestServer();
  await write([init()]);
  const asked: [string, string, string][] = [
    ["GET", "/", "localhost"],
    ["GET", "/health", "localhost"],
    ["GET", "/runs", "localhost"],
    ["GET", "/runs/r/events", "localhost"],
    ["GET", "/runs/r/metadata", "localhost"],
    ["HEAD", "/stream", "localhost"],
    ["GET", "/nothing", "localhost"],
    ["GET", "/runs/none/events", "localhost"],
    ["GET", "/%ff", "localhost"],
    ["GET", "/stream?run_id=..", "localhost"],
    ["POST", "/runs", "localhost"],
    ["OPTIONS", "/runs", "localhost"],
    ["GET", "/", "evil.example"],
  ];
  for (const [method, path, host] of asked) {
    const { headers } = await ask(url, path, { method, headers: { Host: host, Origin: "http://evil.example" } });
    expect(headers, `${method} ${path}`).toMatchObject({
      "content-security-policy": expect.stringContaining("default-src 'self'"),
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "same-origin",
    });
    expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  }
});

test("no path leads out of the folder", async () => {
  const outer = await temporaryFolder();
  const dir = join(outer, "runs");
  await mkdir(dir);
  await writeFile(join(outer, "secret.jsonl"), '{"event_type": "init", "secret": true}\n');
  await writeFile(join(outer, "secret.map.json"), '{"secret": true}');
  const { url } = await startTestServer({ dir });
  const ids = [
    "../secret",
    "..%2fsecret",
    "%2e%2e/secret",
    "%2e%2e%2fsecret",
    "..%5csecret",
    "..\\secret",
    `/${outer}/secret`,
  ];
  ids.push(
    encodeURIComponent(`${outer}/secret`),
    "x/../../secret",
    "secret%00",
    "..;/secret",
    "%252e%252e%252fsecret",
    "./../secret",
  );
  for (const id of ids) {
    for (const path of [
      `/runs/${id}/events`,
      `/runs/${id}/metadata`,
      `/${id}.jsonl`,
      `/assets/${id}.map.json`,
      `/${id}`,
    ]) {
      const { status, body } = await ask(url, path);
      expect(body.toString(), path).not.toContain('"secret": true');
      expect([path, [400, 404].includes(status)]).toEqual([path, true]);
    }
  }
});

test("what is no request at all does no harm", async () => {
  const { url, server } = await startTestServer();
  for (const text of [
    "\0\0\0\0\r\n\r\n",
    "GET \0 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET http://evil/runs HTTP/1.1\r\nHost: localhost\r\n\r\n",
    `GET /${"x".repeat(100_000)} HTTP/1.1\r\n\r\n`,
  ]) {
    const answer = await new Promise<string>((resolve) => {
      const socket = createConnection(server.port, "127.0.0.1", () => socket.end(text));
      let received = "";
      socket.on("data", (chunk) => {
        received += chunk;
      });
      socket.on("error", () => {});
      socket.on("close", () => resolve(received));
    });
    expect(answer).toMatch(/^HTTP\/1.1 4\d\d /);
  }
  expect((await ask(url, "/health")).status).toBe(200);
});

test("a server of one run shows it alone", async () => {
  const { url, write } = await startTestServer({ runId: "mine" });
  await write([init("mine")]);
  await write([init("other")]);
  expect(await json(url, "/runs")).toMatchObject([{ run_id: "mine" }]);
  expect((await ask(url, "/runs/mine/events")).status).toBe(200);
  expect((await ask(url, "/runs/other/events")).status).toBe(404);
  expect((await ask(url, "/runs/other/metadata")).status).toBe(404);
  expect((await ask(url, "/stream?run_id=other")).status).toBe(404);
  const stream = await readStream(`${url}/stream`);
  expect(await stream.atLeast(1)).toMatchObject([{ run_id: "mine", mode: "live" }]);
});

test("a failure of ours is told to the operator, and not to the browser", async () => {
  const dir = await temporaryFolder();
  await writeFile(join(dir, "file"), "");
  const { url, said } = await startTestServer({ dir: join(dir, "file") });
  const { status, body } = await ask(url, "/runs");
  expect([status, body.toString()]).toEqual([500, ""]);
  expect(said).toEqual([expect.stringContaining("can't be read")]);
});

test("an address that is taken is told of", async () => {
  const { server } = await startTestServer();
  await expect(startTestServer({ port: server.port })).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("EADDRINUSE"),
  });
});
