import { randomUUID } from "node:crypto";
import { type BatchEmitter, errorMessage, type HiveEvent } from "@hivewatch/core";
import { packEvents } from "./batch.ts";
import type { RunLog } from "./run-log.ts";
import { openRunStore } from "./run-store.ts";

export interface FilesEmitterOptions {
  /** The folder of the runs. Default `runs`. */
  runsDir?: string | undefined;
}

/** An emitter that keeps a run on disk, for a Node server that needs no bridge: log, JSON lines and map metadata. */
export function filesEmitter({ runsDir = "runs" }: FilesEmitterOptions = {}): BatchEmitter {
  const store = openRunStore({ dir: runsDir });
  const producerId = randomUUID();
  const stop = new AbortController();
  let opened: Promise<RunLog> | undefined;
  let artifacts: Promise<unknown> = Promise.resolve();

  async function openFor(runId: string): Promise<RunLog> {
    const log = await store.openLog(runId);
    // Looked at in `finish`; until then nothing may come of a failure, least of all the end of the training.
    artifacts = store.writeArtifacts(runId, stop.signal).catch((error: unknown) => error);
    return log;
  }

  async function append(batch: readonly HiveEvent[]): Promise<void> {
    const [first] = batch;
    if (first === undefined) return;
    opened ??= openFor(first.run_id);
    const log = await opened;
    const firstSeq = log.highWaterMark(producerId, 1n);
    for (const packed of packEvents(batch, { runId: first.run_id, producerId, producerEpoch: 1n, firstSeq })) {
      await log.append(packed);
    }
  }

  return {
    name: "files",
    specVersion: 1,
    async write(batch) {
      try {
        await append(batch);
        return { status: "delivered" };
      } catch (error) {
        return { status: "refused", reason: errorMessage(error) };
      }
    },
    async finish() {
      const log = await opened;
      await log?.close();
      stop.abort();
      const failure = await artifacts;
      if (failure !== undefined) throw failure;
    },
  };
}
