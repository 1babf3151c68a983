import { parseMetrics, sampleOf, until } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import type { MetricFamily } from "../src/index.ts";
import { ask } from "./support/http.ts";
import { readRaw } from "./support/raw-stream.ts";
import { startTestServer } from "./support/test-server.ts";

const FAMILIES: readonly MetricFamily[] = [
  {
    name: "hivewatch.events",
    kind: "counter",
    unit: "{event}",
    description: "Events",
    points: [{ attributes: {}, value: 3 }],
  },
];

const PLAIN = "text/plain; version=0.0.4; charset=utf-8";
const OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8";

test.each(["/metrics", "/metrics/", "/metrics?x=1"])(
  "%s tells the figures as they are when it is asked for",
  async (path) => {
    let value = 3;
    const metrics = () => FAMILIES.map((family) => ({ ...family, points: [{ attributes: {}, value }] }));
    const { url } = await startTestServer({ metrics });
    for (value of [3, 4]) {
      const { status, headers, body } = await ask(url, path);
      expect([status, headers["content-type"], headers["cache-control"]]).toEqual([200, PLAIN, "no-store"]);
      expect(sampleOf(parseMetrics(body.toString()), "hivewatch_events_total")).toBe(value);
    }
  },
);

test.each([
  ["", PLAIN],
  ["*/*", PLAIN],
  ["text/plain", PLAIN],
  ["application/openmetrics-text", OPEN],
  // Prometheus 2 and 3.
  [
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    OPEN,
  ],
  [
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
    OPEN,
  ],
  ["text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5", PLAIN],
  ["application/openmetrics-text;version=0.0.1", PLAIN],
  ["application/openmetrics-text;q=0, text/plain;q=0", PLAIN],
  ["application/openmetrics-text;q=nonsense", PLAIN],
])("who accepts %j gets %s", async (accept, type) => {
  const { url } = await startTestServer({ metrics: () => FAMILIES });
  const { headers, body } = await ask(url, "/metrics", { headers: { accept } });
  expect([headers["content-type"], headers.vary]).toEqual([type, "Accept"]);
  parseMetrics(body.toString(), type === OPEN);
});

test("/metrics is guarded as all else is, and can't be written to", async () => {
  const { url } = await startTestServer({ metrics: () => FAMILIES });
  const foreign = await ask(url, "/metrics", { headers: { host: "evil.example" } });
  expect([foreign.status, foreign.body.includes("hivewatch_events")]).toEqual([403, false]);
  expect((await ask(url, "/metrics", { method: "POST" })).status).toBe(405);
  const head = await ask(url, "/metrics", { method: "HEAD" });
  expect([head.status, head.body.length, head.headers["content-type"]]).toEqual([200, 0, PLAIN]);
  expect(head.headers["x-content-type-options"]).toBe("nosniff");
  expect(head.headers["access-control-allow-origin"]).toBeUndefined();
});

test("a server that measures nothing has no such page", async () => {
  const { url } = await startTestServer();
  expect((await ask(url, "/metrics")).status).toBe(404);
});

test("subscribers are counted in and out", async () => {
  const { url, server } = await startTestServer();
  const one = await readRaw(`${url}/stream`);
  await one.has("connected");
  const other = await readRaw(`${url}/stream?run_id=none`);
  await other.has("not_found");
  expect(server.subscribers).toBe(2);
  for (const { response } of [one, other]) response.destroy();
  await until("nobody", () => server.subscribers === 0);
});
