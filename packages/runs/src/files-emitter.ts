import { randomUUID } from "node:crypto";
import { type BatchEmitter, errorMessage, type HiveEvent, HiveWatchError } from "@hivewatch/core";
import { packEvents } from "./batch.ts";
import type { RunLog } from "./run-log.ts";
import { openRunStore, type RunStore } from "./run-store.ts";

export interface FilesEmitterOptions {
  /** The folder of the runs. Default `runs`. */
  runsDir?: string | undefined;
}

/**
 * An emitter that keeps a run on disk, for a Node server that needs no bridge: log, JSON lines and map metadata. A disk that
 * takes nothing for a while, as when it is full, is waited for.
 *
 * @param store - the store of that folder
 */
export function filesEmitter(
  { runsDir = "runs" }: FilesEmitterOptions = {},
  store: RunStore = openRunStore({ dir: runsDir }),
): BatchEmitter {
  const producerId = randomUUID();
  const stop = new AbortController();
  let opened: RunLog | undefined;
  let artifacts: Promise<unknown> = Promise.resolve();
  // Moved by whole writes: one that is tried again is numbered as before, so that what was stored of it is known again.
  let nextSeq = 0n;

  async function open(runId: string): Promise<RunLog> {
    const log = await store.openLog(runId);
    // Looked at in `finish`; until then nothing may come of a failure, least of all the end of the training.
    artifacts = store.writeArtifacts(runId, stop.signal).catch((error: unknown) => error);
    return log;
  }

  async function append(batch: readonly HiveEvent[]): Promise<void> {
    const [first] = batch;
    if (first === undefined) return;
    opened ??= await open(first.run_id);
    const sequence = { runId: first.run_id, producerId, producerEpoch: 1n, firstSeq: nextSeq };
    for (const packed of packEvents(batch, sequence)) await opened.append(packed);
    nextSeq += BigInt(batch.length);
  }

  return {
    name: "files",
    specVersion: 1,
    async write(batch) {
      try {
        await append(batch);
        return { status: "delivered" };
      } catch (error) {
        const reason = errorMessage(error);
        if (HiveWatchError.is(error) && error.code === "unavailable") return { status: "retry", reason };
        nextSeq = opened?.highWaterMark(producerId, 1n) ?? nextSeq;
        return { status: "refused", reason };
      }
    },
    async finish() {
      await opened?.close();
      stop.abort();
      const failure = await artifacts;
      // What was wrong may have been mended since, and the log has all.
      if (opened !== undefined && failure !== undefined) await store.writeArtifacts(opened.runId);
    },
  };
}
