import { createServer } from "node:http";
import { emitterSuite, recordedStream } from "@hivewatch/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { linesOf, webhookEmitter } from "./webhook-emitter.ts";

const server = createServer((_request, response) => response.end());
let url: string;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address === "object") url = `http://127.0.0.1:${address?.port}`;
});

afterAll(() => server.close());

emitterSuite({ test: { describe, it }, create: () => webhookEmitter({ url }) });

it("tells of trouble, and of nothing else", () => {
  expect(recordedStream("troubled").flatMap(linesOf)).toEqual([
    "round 0: quito dropped out: out of memory",
    "round 0: nowhere failed: connection reset by peer",
    "round 3: lagos dropped out: unknown",
    "round 3: berlin dropped out: unknown",
    "run recorded-troubled: failed",
  ]);
});
