import { createRun } from "@hivewatch/core";
import { until } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { bridgeEmitter } from "../src/index.ts";
import { startProxy } from "./support/proxy.ts";
import { one, openStream } from "./support/raw-client.ts";
import { numbersOf, startTestBridge } from "./support/test-bridge.ts";

test("a sender whose machine is gone without a word is let go", async () => {
  const { bridge } = await startTestBridge({ keepaliveMs: 1000 });
  const proxy = await startProxy(bridge.port);
  const stream = openStream(proxy.address);
  stream.send(one(0));
  expect((await stream.next()).nextSeq).toBe(1n);
  expect(proxy.connections).toBe(1);
  proxy.fallSilent();
  await until("the bridge to close the connection", () => proxy.connections === 0);
});

test("a Node program whose bridge gives no answer any more connects anew, and the bridge has everything once", async () => {
  const { bridge, store } = await startTestBridge();
  const proxy = await startProxy(bridge.port);
  const said: string[] = [];
  const run = createRun({
    runId: "r",
    emitters: [bridgeEmitter({ endpoint: proxy.address, timeoutMs: 100 })],
    onDiagnostic: (message) => said.push(message),
  });
  await until("the first event to be stored", () => run.stats[0]?.delivered === 1);
  proxy.fallSilent();
  run.logClientUpdate("a", { local_loss: 0 });
  await until("word of it", () => said.some((message) => message.includes("no answer for 0.1 s")));
  proxy.speak();
  run.logClientUpdate("a", { local_loss: 1 });
  expect(await run.finish({ timeoutMs: 60_000 })).toBe(true);
  expect(await numbersOf(store)).toEqual([undefined, 0, 1, undefined]);
});
