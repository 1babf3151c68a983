import { type InitEvent, parseEvent } from "@hivewatch/core";
import { expect, test } from "vitest";
import type { Notice } from "../src/index.ts";
import { batchOf, broken, hello, openStream, publishOne, update } from "./support/raw-client.ts";
import { startTestBridge } from "./support/test-bridge.ts";

const INIT = parseEvent({
  event_type: "init",
  run_id: "r",
  timestamp: "2026-11-23T07:43:20Z",
  emitters: [{ name: "mlflow" }],
});

test("who answers a batch is asked for notices, with the beginning of the run once that is stored", async () => {
  const asked: [string, InitEvent | undefined][] = [];
  const notices = async (runId: string, init: InitEvent | undefined): Promise<Notice[]> => {
    asked.push([runId, init]);
    if (init === undefined) return [];
    return [
      { level: "warning", text: "not installed" },
      { level: "info", text: "sent" },
    ];
  };
  const { bridge } = await startTestBridge({ notices });
  const stream = openStream(bridge.address);
  for (const message of [hello(), batchOf([INIT]), batchOf([update(1)], 1), batchOf([INIT])]) stream.send(message);
  const acks = [await stream.next(), await stream.next(), await stream.next(), await stream.next()];
  const told = [
    { level: "warning", text: "not installed" },
    { level: "info", text: "sent" },
  ];
  const expected = [[], told, [], told].map((each) => each.map((notice) => expect.objectContaining(notice)));
  expect(acks.map((ack) => ack.notices)).toEqual(expected);
  expect(acks.map((ack) => ack.nextSeq)).toEqual([0n, 1n, 2n, 2n]);
  expect(asked.map(([runId, init]) => [runId, init?.emitters])).toEqual([
    ["r", undefined],
    ["r", INIT.emitters],
    ["r", undefined],
    ["r", INIT.emitters],
  ]);
});

test("a beginning that is not stored is none", async () => {
  const asked: unknown[] = [];
  const notices = (_: string, init: InitEvent | undefined): Notice[] => {
    asked.push(init);
    return [];
  };
  const { bridge } = await startTestBridge({ notices });
  expect((await publishOne(bridge.address, batchOf([INIT], 7))).refusal).toMatchObject({ code: "gap" });
  expect((await publishOne(bridge.address, broken(batchOf([INIT])))).refusal).toMatchObject({ code: "malformed" });
  expect(asked).toEqual([undefined, undefined]);
});
