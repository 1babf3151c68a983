import { type HiveEvent, parseEvent } from "@hivewatch/core";
import { openRunStore, packEvents } from "@hivewatch/runs";

/** So many events are appended at a time. */
const GROUP = 20_000;

/** Writes a run with these events into a folder: its log, and the files that are made of it. */
export async function writeRun(
  runsDir: string,
  runId: string,
  events: Iterable<Readonly<Record<string, unknown>>>,
): Promise<void> {
  const store = openRunStore({ dir: runsDir });
  const log = await store.openLog(runId);
  let firstSeq = 0n;
  let group: HiveEvent[] = [];
  const append = async (): Promise<void> => {
    const sequence = { runId, producerId: "test", producerEpoch: 1n, firstSeq };
    for (const batch of packEvents(group, sequence)) await log.append(batch);
    firstSeq += BigInt(group.length);
    group = [];
  };
  for (const event of events) {
    if (group.push(parseEvent(event)) === GROUP) await append();
  }
  await append();
  await log.close();
  await store.writeArtifacts(runId);
}
