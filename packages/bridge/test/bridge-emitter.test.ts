import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";
import { createRun } from "@hivewatch/core";
import { newSeed, randomFrom, temporaryFolder, until } from "@hivewatch/test-support";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { bridgeEmitter } from "../src/index.ts";
import { ingestService } from "../src/service.ts";
import { eventsOf, numbers, numbersOf, startTestBridge } from "./support/test-bridge.ts";

afterEach(() => vi.unstubAllEnvs());

const FOREVER = { timeoutMs: 600_000 };

test("what a Node program logs is in the run's log, once and in order", async () => {
  const { bridge, store } = await startTestBridge();
  const run = createRun({ runId: "r1", emitters: [bridgeEmitter({ endpoint: bridge.address })] });
  run.roundStart(1, ["a"]);
  for (const i of numbers(2000)) run.logClientUpdate("a", { round: 1, local_loss: i });
  run.logRound(1, { global_accuracy: Number.NaN });
  expect(await run.finish(FOREVER)).toBe(true);
  const events = await eventsOf(store, "r1");
  expect(events.map((event) => event.event_type)).toEqual([
    "init",
    "round_start",
    ...numbers(2000).map(() => "client_update"),
    "round_end",
    "finished",
  ]);
  expect(events.at(-2)).toMatchObject({ round_metrics: { global_accuracy: Number.NaN } });
});

test("a bridge that goes away and comes back, again and again, has everything once", async () => {
  const random = randomFrom(newSeed());
  const dir = await temporaryFolder();
  let { bridge, store } = await startTestBridge({ dir });
  const { port } = bridge;
  const run = createRun({
    runId: "r",
    emitters: [bridgeEmitter({ endpoint: bridge.address })],
    maxQueue: Number.POSITIVE_INFINITY,
  });
  let logged = 0;
  const log = (): void => {
    for (let count = random.below(1000); count > 0; count--) run.logClientUpdate("a", { local_loss: logged++ });
  };
  for (let restart = 0; restart < 4; restart++) {
    log();
    const wanted = random.below(2) === 0 ? 0 : Math.floor(logged / 2);
    await until("the bridge to acknowledge some of it", () => Number(run.stats[0]?.delivered) >= wanted);
    log();
    await bridge.close();
    log();
    ({ bridge, store } = await startTestBridge({ dir, port }));
  }
  expect(await run.finish(FOREVER)).toBe(true);
  expect(await numbersOf(store)).toEqual([undefined, ...numbers(logged), undefined]);
});

test("a bridge that has lost the log takes what comes from then on, once, however often it goes away", async () => {
  const dir = await temporaryFolder();
  let { bridge, store } = await startTestBridge({ dir });
  const { port } = bridge;
  const run = createRun({ runId: "r", emitters: [bridgeEmitter({ endpoint: bridge.address })] });
  let logged = 0;
  const log = async (): Promise<void> => {
    for (const _ of numbers(10)) run.logClientUpdate("a", { local_loss: logged++ });
    await until("the bridge to acknowledge it", () => Number(run.stats[0]?.delivered) === logged + 1);
  };
  await log();
  for (const isLost of [true, false, true, false]) {
    await bridge.close();
    if (isLost) await rm(join(dir, "r.log"), { recursive: true });
    ({ bridge, store } = await startTestBridge({ dir, port }));
    await log();
  }
  expect(await run.finish(FOREVER)).toBe(true);
  expect(await numbersOf(store)).toEqual([...numbers(20).map((i) => 30 + i), undefined]);
});

test("a bridge whose log can't be opened for a while has not lost it", async () => {
  const dir = await temporaryFolder();
  const first = await startTestBridge({ dir });
  const run = createRun({ runId: "r", emitters: [bridgeEmitter({ endpoint: first.bridge.address })] });
  run.logClientUpdate("a", { local_loss: 0 });
  await until("the bridge to acknowledge it", () => run.stats[0]?.delivered === 2);
  await first.bridge.close();
  await rename(join(dir, "r.log"), join(dir, "elsewhere"));
  await writeFile(join(dir, "r.log"), "in the way");
  const { store } = await startTestBridge({ dir, port: first.bridge.port });
  run.logClientUpdate("a", { local_loss: 1 });
  await until("a second try", () => Number(run.stats[0]?.retries) > 1);
  await rm(join(dir, "r.log"));
  await rename(join(dir, "elsewhere"), join(dir, "r.log"));
  expect(await run.finish(FOREVER)).toBe(true);
  expect(await numbersOf(store)).toEqual([undefined, 0, 1, undefined]);
});

test("a bridge that isn't there is waited for, and told of", async () => {
  const dir = await temporaryFolder();
  const first = await startTestBridge({ dir });
  await first.bridge.close();
  const said: string[] = [];
  const run = createRun({
    runId: "r",
    emitters: [bridgeEmitter({ endpoint: first.bridge.address })],
    onDiagnostic: (message) => said.push(message),
  });
  run.logClientUpdate("a", { local_loss: 0 });
  await until("word of the bridge that isn't there", () => said.length > 0);
  expect(said[0]).toContain(first.bridge.address);
  const { store } = await startTestBridge({ dir, port: first.bridge.port });
  expect(await run.finish(FOREVER)).toBe(true);
  expect(await numbersOf(store)).toEqual([undefined, 0, undefined]);
});

test("an event that is too large is given up, counted and told of; the others arrive, and word of the loss", async () => {
  const { bridge, store } = await startTestBridge();
  const said: string[] = [];
  const run = createRun({
    runId: "r",
    emitters: [bridgeEmitter({ endpoint: bridge.address })],
    onDiagnostic: (message) => said.push(message),
  });
  run.logClientUpdate("a", { local_loss: 0 });
  run.logClientUpdate("a", { local_loss: 1, blob: "x".repeat(17 * 1024 * 1024) });
  run.logClientUpdate("a", { local_loss: 2 });
  expect(await run.finish(FOREVER)).toBe(false);
  expect(run.stats).toMatchObject([{ delivered: 4, refused: 1, queued: 0 }]);
  expect(said).toEqual([expect.stringContaining("refused 1 events: an event of 178")]);
  expect(await eventsOf(store)).toMatchObject([
    { event_type: "init" },
    { clients: [{ local_loss: 0 }] },
    { event_type: "batch_refused", count: 1 },
    { clients: [{ local_loss: 2 }] },
    { event_type: "finished" },
  ]);
});

test("values that JSON can't hold don't hold up the others", async () => {
  const { bridge, store } = await startTestBridge();
  const run = createRun({ runId: "r", emitters: [bridgeEmitter({ endpoint: bridge.address })] });
  run.logClientUpdate("a", { local_loss: 0, callback: () => 1, big: 1n, when: new Date(0) });
  run.logClientUpdate("a", { local_loss: 1, "": "no name" });
  run.logEvent("custom", { callback: () => 1 });
  expect(await run.finish(FOREVER)).toBe(true);
  expect(await numbersOf(store)).toEqual([undefined, 0, 1, undefined, undefined]);
  expect((await eventsOf(store))[1]).toMatchObject({ clients: [{ big: "1", when: "1970-01-01T00:00:00.000Z" }] });
});

test("an event that can't be made into JSON at all is refused, and not tried for ever", async () => {
  const { bridge } = await startTestBridge();
  const run = createRun({ runId: "r", emitters: [bridgeEmitter({ endpoint: bridge.address })] });
  const trap = {
    toJSON() {
      throw new Error("not me");
    },
  };
  run.logEvent("custom", { trap });
  expect(await run.finish(FOREVER)).toBe(false);
  expect(run.stats).toMatchObject([{ queued: 0 }]);
  expect(run.stats[0]?.refused).toBeGreaterThan(0);
});

/** A server with our method that is no bridge. */
async function startImpostor(publish: (call: ServerDuplexStream<Buffer, Buffer>) => void): Promise<string> {
  const server = new Server();
  server.addService({ Publish: ingestService.Publish }, { Publish: publish });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  onTestFinished(() => server.forceShutdown());
  return `127.0.0.1:${port}`;
}

test.each<[string, (call: ServerDuplexStream<Buffer, Buffer>) => void]>([
  ["answers garbage", (call) => call.on("data", () => call.write(Buffer.from("garbage, and no ack")))],
  [
    "answers more than it was asked",
    (call) =>
      call.on("data", () => {
        for (let i = 0; i < 3; i++) call.write(Buffer.from([0xff]));
      }),
  ],
  ["hangs up", (call) => call.end()],
  ["fails", (call) => call.on("data", () => call.emit("error", new Error("no")))],
])("a server that %s is tried again, and harms nobody", async (_, publish) => {
  let calls = 0;
  const endpoint = await startImpostor((call) => {
    calls++;
    call.on("error", () => {});
    publish(call);
  });
  const run = createRun({ runId: "r", emitters: [bridgeEmitter({ endpoint })] });
  await until("a second try", () => calls >= 2);
  expect(run.stats).toMatchObject([{ queued: 1, delivered: 0, refused: 0 }]);
  expect(await run.finish({ timeoutMs: 1 })).toBe(false);
});

test("endpoint and token come from the environment, or from the program, which comes first", async () => {
  const tokens: unknown[] = [];
  const endpoint = await startImpostor((call) => {
    tokens.push(call.metadata.get("authorization")[0]);
    call.end();
  });
  vi.stubEnv("HIVEWATCH_ENDPOINT", endpoint);
  vi.stubEnv("HIVEWATCH_TOKEN", "secret");
  const run = createRun({ emitters: [bridgeEmitter()] });
  await until("the token of the environment", () => tokens.length >= 1);
  vi.stubEnv("HIVEWATCH_ENDPOINT", "127.0.0.1:1");
  const other = createRun({ emitters: [bridgeEmitter({ endpoint, token: "mine" })] });
  await until("the token of the program", () => tokens.includes("Bearer mine"));
  expect(tokens[0]).toBe("Bearer secret");
  await Promise.all([run.finish({ timeoutMs: 1 }), other.finish({ timeoutMs: 1 })]);
});
