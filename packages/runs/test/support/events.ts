import { type HiveEvent, parseEvent } from "@hivewatch/core";
import { type Batch, packEvents } from "../../src/batch.ts";
import type { LogEntry, ReadStep } from "../../src/read-entries.ts";

export const TIME = "2026-11-23T07:43:20.337352+00:00";

/** An event as a bridge would have checked it. */
export function event(fields: Record<string, unknown>, runId = "r"): HiveEvent {
  return parseEvent({ run_id: runId, timestamp: TIME, ...fields });
}

export function update(client: Record<string, unknown>, round: number | null = 1, runId = "r"): HiveEvent {
  return event({ event_type: "client_update", round, clients: [client] }, runId);
}

/** Everybody whom events name, whatever they say of them. */
export function clientsOf(events: readonly HiveEvent[]): Set<unknown> {
  return new Set(
    events.flatMap(({ clients, client_id: id, selected }) => [
      ...(Array.isArray(clients) ? clients.map((client) => client.client_id) : []),
      ...(id === undefined ? [] : [id]),
      ...(Array.isArray(selected) ? selected : []),
    ]),
  );
}

/** Numbered events that can be told apart. */
export function updates(count: number, first = 0, runId = "r"): HiveEvent[] {
  return Array.from({ length: count }, (_, i) =>
    update({ client_id: `c${first + i}`, local_loss: first + i }, 1, runId),
  );
}

/** Events as the one batch that they fit into. */
export function batchOf(events: readonly HiveEvent[], firstSeq = 0, producerId = "p", producerEpoch = 1n): Batch {
  const runId = events[0]?.run_id ?? "r";
  const [batch, ...more] = packEvents(events, { runId, producerId, producerEpoch, firstSeq: BigInt(firstSeq) });
  if (batch === undefined || more.length > 0) throw new Error("these events don't fit into one batch");
  return batch;
}

/** All that is read, until it ends. */
export async function entriesOf(steps: AsyncIterable<ReadStep>): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  for await (const step of steps) entries.push(...step.entries);
  return entries;
}

/** The ids of the clients of {@link updates}, to compare what was read. */
export function idsOf(entries: readonly LogEntry[]): string[] {
  return entries.flatMap(({ event: { clients } }) => (Array.isArray(clients) ? clients : []).map((c) => c.client_id));
}

export function ids(count: number, first = 0): string[] {
  return Array.from({ length: count }, (_, i) => `c${first + i}`);
}
