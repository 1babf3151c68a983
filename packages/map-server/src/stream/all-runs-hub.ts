import { setTimeout as sleep } from "node:timers/promises";
import type { LogEntry, RunListing } from "@hivewatch/runs";
import { decodeMark, encodeMark } from "./all-runs-mark.ts";
import { createHub, type Hub, type Stretch } from "./hub.ts";
import type { Place } from "./place.ts";
import { createPublisher } from "./publisher.ts";
import { pauseMs, type StreamParts } from "./stream-parts.ts";

/** How often to look whether a run has appeared. */
const LOOK_MS = 1000;

/** A place in the logs of all runs. */
export interface AllRunsPlace extends Place {
  /** Of the runs that are elsewhere than where the hub began with them. */
  readonly positions: ReadonlyMap<string, number>;
  /** The runs that the id names. */
  readonly named: ReadonlySet<string>;
  /** When the newest run began that is not to be taken for a new one behind this place. */
  readonly newest: string;
}

/** Where the subscribers of all runs come together. */
export interface AllRunsHub {
  readonly hub: Hub<AllRunsPlace>;
  /** The runs that go on. */
  live(): Iterable<string>;
  /** The place that an id stands for; the head if it is no id of ours. */
  placeOf(id: string | undefined): AllRunsPlace;
}

interface KnownRun {
  readonly startedAt: string;
  /** The position where the hub began with it. */
  readonly base: number;
}

/**
 * Follows all runs that go on from where they are, and those that begin from their beginning.
 *
 * @param signal - ends it
 */
export async function openAllRunsHub(parts: StreamParts, signal: AbortSignal): Promise<AllRunsHub> {
  const { store } = parts;
  const known = new Map<string, KnownRun>();
  /** How far runs were read, which is further than what was published of them. */
  const read = new Map<string, number>();
  /** The runs that go on. */
  const followed = new Set<string>();
  /** Those of them that are being read; the others couldn't be read and are tried again. */
  const reading = new Set<string>();
  let newest = "";

  const baseOf = (runId: string): number => known.get(runId)?.base ?? 0;
  const positionIn = ({ positions }: Pick<AllRunsPlace, "positions">, runId: string): number =>
    positions.get(runId) ?? baseOf(runId);

  function placeAt(place: Omit<AllRunsPlace, "id">): AllRunsPlace {
    const marked = Array.from(place.named, (runId): [string, number] => [runId, positionIn(place, runId)]);
    return { ...place, id: encodeMark({ newest: place.newest, positions: new Map(marked) }) };
  }

  /** @returns the runs that go on and are not being read yet */
  function learn(runs: readonly RunListing[], base: (run: RunListing) => number): string[] {
    const begun: string[] = [];
    for (const run of runs) {
      const { run_id: runId, started_at: startedAt, status } = run;
      if (!known.has(runId)) known.set(runId, { startedAt, base: base(run) });
      if (startedAt > newest) newest = startedAt;
      const isOver = status !== "running" && run.position <= (read.get(runId) ?? baseOf(runId));
      if (isOver || reading.has(runId)) continue;
      followed.add(runId);
      reading.add(runId);
      begun.push(runId);
    }
    return begun;
  }

  /** Entries that follow a place; asked for in their order, so that each is gone through once. */
  function stretchAfter(start: Omit<AllRunsPlace, "id">, entries: readonly LogEntry[]): Stretch<AllRunsPlace> {
    const named = new Set([...start.named, ...entries.map(({ event }) => event.run_id)]);
    let positions = new Map(start.positions);
    let count = 0;
    return {
      entries,
      placeAfter(index) {
        if (index + 1 < count) {
          positions = new Map(start.positions);
          count = 0;
        }
        for (const { event, position } of entries.slice(count, index + 1)) positions.set(event.run_id, position);
        count = index + 1;
        return placeAt({ positions: new Map(positions), named, newest: start.newest });
      },
    };
  }

  async function load(place: AllRunsPlace, head: AllRunsPlace): Promise<Stretch<AllRunsPlace>> {
    const behind = [...known.keys()].filter((runId) => positionIn(place, runId) < positionIn(head, runId));
    for (const [i, runId] of behind.entries()) {
      const to = positionIn(head, runId);
      const entries = await parts.cursors.read({ runId, from: positionIn(place, runId), to, isEnough: () => false });
      if (entries.length === 0) continue;
      const stretch = stretchAfter(place, entries);
      const isAll = i === behind.length - 1 && entries.at(-1)?.position === to;
      const last = entries.length - 1;
      return isAll ? { entries, placeAfter: (index) => (index === last ? head : stretch.placeAfter(index)) } : stretch;
    }
    return { entries: [], placeAfter: () => head };
  }

  const begun = learn(await store.list(), (run) => run.position);
  const hub = createHub<AllRunsPlace>({
    head: placeAt({ positions: new Map(), named: new Set(followed), newest }),
    memory: parts.memory,
    limit: parts.limit,
    isBehind: (place, head) => place.id !== head.id,
    load,
  });
  const publisher = createPublisher({
    publish: (entries) =>
      hub.publish(stretchAfter({ positions: hub.head.positions, named: followed, newest }, entries)),
    pauseMs: () => pauseMs(hub.subscribers),
    onError: hub.fail,
  });

  async function follow(runId: string): Promise<void> {
    const from = read.get(runId) ?? baseOf(runId);
    for await (const { entries } of store.read(runId, { from, follow: true, signal })) {
      if (entries.length === 0) continue;
      read.set(runId, entries.at(-1)?.position ?? from);
      await publisher.offer(entries);
      if (entries.some(({ event }) => event.event_type === "finished")) break;
    }
    followed.delete(runId);
  }

  function followAll(runIds: readonly string[]): void {
    for (const runId of runIds) {
      follow(runId)
        // One that can't be read is tried again at the next look.
        .catch(() => undefined)
        .finally(() => reading.delete(runId));
    }
  }

  async function look(): Promise<void> {
    for (;;) {
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      followAll(learn(await store.list(), () => 0));
    }
  }

  followAll(begun);
  look().catch(hub.fail);
  signal.addEventListener("abort", () => void parts.cursors.rest());
  return {
    hub,
    live: () => followed,
    placeOf(id) {
      const mark = id === undefined ? undefined : decodeMark(id);
      if (mark === undefined) return hub.head;
      const positions = new Map(hub.head.positions);
      const named = new Set(followed);
      for (const [runId, { startedAt }] of known) {
        const position = mark.positions.get(runId) ?? (startedAt > mark.newest ? 0 : undefined);
        if (position === undefined) continue;
        positions.set(runId, position);
        named.add(runId);
      }
      return placeAt({ positions, named, newest });
    },
  };
}
