import type { LogEntry, ReadStep, RunStore } from "@hivewatch/runs";

/** What to read of a run's log. */
export interface Range {
  readonly runId: string;
  /** The position behind which to begin. */
  readonly from: number;
  /** The position at which to stop. */
  readonly to: number;
  /** Where to stop earlier: at the first entry of whose position this is true. */
  isEnough(position: number): boolean;
}

/** Reads the logs of runs in parts. Where a part ended the next one begins without looking for the place again. */
export interface LogCursors {
  /** Reads some entries of a range; none if the log ends before it begins. */
  read(range: Range): Promise<LogEntry[]>;
  /** Closes what is open for whoever goes on where a part ended. */
  rest(): Promise<void>;
}

const MAX_ENTRIES = 1000;
/** How many places are remembered. Each may hold a batch that has been read in part. */
const MAX_IDLE = 8;

interface Cursor {
  readonly runId: string;
  readonly steps: AsyncGenerator<ReadStep>;
  position: number;
  held: readonly LogEntry[];
  isDone: boolean;
}

/**
 * Reads the logs of a store.
 *
 * @param closing - from when on nothing is to be left open
 */
export function createLogCursors(store: Pick<RunStore, "read">, closing: AbortSignal): LogCursors {
  let idle: Cursor[] = [];

  function take({ runId, from }: Range): Cursor {
    const known = idle.find((cursor) => cursor.runId === runId && cursor.position === from);
    idle = idle.filter((cursor) => cursor !== known);
    return known ?? { runId, steps: store.read(runId, { from }), position: from, held: [], isDone: false };
  }

  async function keep(cursor: Cursor): Promise<void> {
    idle.push(cursor);
    if (closing.aborted) await rest();
    if (idle.length > MAX_IDLE) await idle.shift()?.steps.return(undefined);
  }

  async function rest(): Promise<void> {
    const open = idle;
    idle = [];
    for (const cursor of open) await cursor.steps.return(undefined);
  }

  return {
    rest,
    async read(range) {
      const cursor = take(range);
      await fill(cursor, range);
      const entries = cursor.held.slice(0, countOf(cursor.held, range));
      cursor.held = cursor.held.slice(entries.length);
      cursor.position = entries.at(-1)?.position ?? range.to;
      if (cursor.position >= range.to || (cursor.isDone && cursor.held.length === 0)) {
        await cursor.steps.return(undefined);
      } else {
        await keep(cursor);
      }
      return entries;
    },
  };
}

async function fill(cursor: Cursor, { to }: Range): Promise<void> {
  while (!cursor.isDone && cursor.held.length < MAX_ENTRIES && (cursor.held.at(-1)?.position ?? 0) < to) {
    const step = await cursor.steps.next();
    if (step.done === true) cursor.isDone = true;
    else if (step.value.entries.length > 0) cursor.held = cursor.held.concat(step.value.entries);
  }
}

/** How many of the entries are to be taken. */
function countOf(entries: readonly LogEntry[], { to, isEnough }: Range): number {
  let count = 0;
  for (const { position } of entries) {
    if (position > to || count === MAX_ENTRIES) return count;
    count++;
    if (isEnough(position)) return count;
  }
  return count;
}
