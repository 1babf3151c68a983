import { openRunStore } from "@hivewatch/runs";
import { type Payload, producerOf } from "./batches.ts";

/** How many appends are on their way at once, so that they share a sync. */
const AT_ONCE = 32;

/** Writes a run's log, as a bridge does. */
export async function writeLog(dir: string, runId: string, payloads: Iterable<Payload>): Promise<void> {
  const log = await openRunStore({ dir }).openLog(runId);
  let appends: Promise<unknown>[] = [];
  const number = producerOf(runId);
  for (const payload of payloads) {
    appends.push(log.append(number(payload)));
    if (appends.length < AT_ONCE) continue;
    await Promise.all(appends);
    appends = [];
  }
  await Promise.all(appends);
  await log.close();
}
