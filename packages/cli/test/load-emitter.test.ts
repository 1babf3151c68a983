import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type BatchEmitter, type Emitter, type HiveEvent, parseEvent } from "@hivewatch/core";
import { otelEmitter } from "@hivewatch/emitter-otel";
import { keepDelivering, openRunStore, packEvents, type RunStore } from "@hivewatch/runs";
import { fields, list, listen, temporaryFolder, until } from "@hivewatch/test-support";
import { expect, onTestFinished, test, vi } from "vitest";
import { type LoadedEmitter, loadEmitter } from "../src/emitters/load-emitter.ts";

/** Loads an emitter as one that stands in a configuration, as an object. */
async function load(emitter: Emitter): Promise<LoadedEmitter> {
  const path = join(await temporaryFolder(), "hivewatch.config.mjs");
  await writeFile(path, "export default { emitters: [globalThis.sharedEmitter] };\n");
  vi.stubGlobal("sharedEmitter", emitter);
  onTestFinished(() => void vi.unstubAllGlobals());
  return loadEmitter({ source: "emitters[0]", reader: "e", url: pathToFileURL(path).href, index: 0 });
}

const say = (): void => {};

test("the one emitter of all runs is told of each run's end, and closed when all is over", async () => {
  const told: string[] = [];
  const shared: BatchEmitter = {
    name: "shared",
    write: (batch) => ({ status: "delivered", reason: String(batch.length) }),
    finishRun: (runId) => void told.push(runId),
    finish: () => void told.push("all"),
  };
  const loaded = await load(shared);
  const [a, b] = [await loaded.ofRun({ runId: "a", say }), await loaded.ofRun({ runId: "b", say })];
  expect("write" in a && (await a.write([], AbortSignal.timeout(1000)))).toMatchObject({ reason: "0" });
  await a.finish?.();
  await b.finish?.();
  expect(told).toEqual(["a", "b"]);
  await loaded.finish();
  expect(told).toEqual(["a", "b", "all"]);
});

test("one with hooks may have no use for that", async () => {
  const loaded = await load({ name: "hooks", onRound() {} });
  await (await loaded.ofRun({ runId: "a", say })).finish?.();
  await loaded.finish();
});

/** What a receiver of OTLP was told that a counter had reached. */
async function startCounting(metric: string) {
  const values: unknown[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      for (const { scopeMetrics } of list(fields(JSON.parse(Buffer.concat(parts).toString())).resourceMetrics)) {
        for (const { metrics } of list(scopeMetrics)) {
          const [found] = list(metrics).filter(({ name }) => name === metric);
          if (found !== undefined) values.push(...list(fields(found.sum).dataPoints).map(({ asDouble }) => asDouble));
        }
      }
      response.end();
    });
  });
  const endpoint = `http://127.0.0.1:${await listen(server)}`;
  onTestFinished(() => void server.close());
  return { endpoint, values };
}

function roundOf(runId: string, round: number): HiveEvent[] {
  const timestamp = new Date(Date.UTC(2026, 0, 1, 0, round)).toISOString();
  return [
    parseEvent({ run_id: runId, timestamp, event_type: "client_update", round, clients: [{ client_id: "a" }] }),
    parseEvent({ run_id: runId, timestamp, event_type: "round_end", round, round_metrics: {} }),
  ];
}

/** Appends a round to a run, whose log is open for as long as that takes: so are those of runs that are silent for long. */
async function appendRound(store: RunStore, runId: string, round: number): Promise<void> {
  const log = await store.openLog(runId);
  const sequence = { runId, producerId: "p", producerEpoch: 1n, firstSeq: log.highWaterMark("p", 1n) };
  for (const batch of packEvents(roundOf(runId, round), sequence)) await log.append(batch);
  await log.close();
}

test("what a run has counted is not counted again when it goes on after it was closed for a while", async () => {
  const { endpoint, values } = await startCounting("hivewatch.client.updates");
  const emitter = otelEmitter({ endpoint, protocol: "http/json", signals: ["metrics"] });
  const loaded = await load(emitter);
  const store = openRunStore({ dir: await temporaryFolder(), readers: ["e"] });
  const stop = new AbortController();
  const open = (runId: string) => loaded.ofRun({ runId, say });
  const ended = keepDelivering(store, { reader: "e", open, signal: stop.signal });
  for (let round = 0; round < 3; round++) {
    await appendRound(store, "r", round);
    await until("its end", async () => (await store.behindReader("e")).length === 0);
  }
  stop.abort();
  await ended;
  await loaded.finish();
  expect(values).toEqual([1, 2, 3]);
});
