import { openRunStore, type RunStore } from "@hivewatch/runs";
import { temporaryFolder, until } from "@hivewatch/test-support";
import { expect, onTestFinished, test } from "vitest";
import { startBridge } from "../src/index.ts";
import { batchOf, one, openStream, publishOne, update } from "./support/raw-client.ts";
import { numbers } from "./support/test-bridge.ts";

/** A store whose disk takes nothing of the run `r` before it is released. */
function hangingStore(dir: string): { store: RunStore; release(): void } {
  const store = openRunStore({ dir });
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const openLog: RunStore["openLog"] = async (runId) => {
    const log = await store.openLog(runId);
    const append: typeof log.append = async (batch, bytes) => {
      if (runId === "r") await released;
      return log.append(batch, bytes);
    };
    return { ...log, append };
  };
  return { store: { ...store, openLog }, release };
}

test.each([
  { what: "batches", kilobytes: 0, sent: 200, taken: 64 },
  { what: "bytes", kilobytes: 4 * 1024 - 1, sent: 24, taken: 9 },
])(
  "while the disk hangs, only so many $what of a stream are taken; the rest follows",
  async ({ kilobytes, sent, taken }) => {
    const { store, release } = hangingStore(await temporaryFolder());
    const bridge = await startBridge({ store, port: 0 });
    onTestFinished(() => bridge.close());
    const stream = openStream(bridge.address);
    const blob = "x".repeat(kilobytes * 1024);
    for (const i of numbers(sent)) stream.send(batchOf([update(i, "r", { blob })], i));
    await until("as many as there may be", () => bridge.health().unanswered >= taken);
    // Others are served meanwhile; each of these takes as long as some of the stream's would.
    for (const i of numbers(50)) await publishOne(bridge.address, one(i, { runId: "other" }));
    expect(bridge.health().unanswered).toBe(taken);
    release();
    stream.finish();
    expect(await stream.end).toBeUndefined();
    expect(stream.acks.at(-1)).toMatchObject({ nextSeq: BigInt(sent) });
  },
);
