import type { Span, SpanContext } from "@opentelemetry/api";
import type { RoundKey } from "../ids.ts";
import { createReports, type Reports } from "./reports.ts";

/** A round that goes on. Times are microseconds since 1970. */
export interface OpenRound {
  readonly isOpen: true;
  readonly key: RoundKey;
  /** How often the run had been begun again when it began. */
  readonly generation: number;
  readonly firstAt: number;
  lastAt: number;
  startedAt: number | undefined;
  /** When the last client's training was reported, or given up. */
  trainedAt: number | undefined;
  selected: number | undefined;
  readonly reports: Reports;
  /** Its own span; undefined while none was needed. */
  span: Span | undefined;
}

/** What is kept of a round that has ended, for what comes late. */
export interface EndedRound {
  readonly isOpen: false;
  readonly key: RoundKey;
  readonly generation: number;
  readonly startedAt: number | undefined;
  lateReports: number;
  /** Of its own span; undefined if that was made before a restart. */
  context: SpanContext | undefined;
}

/** More rounds at once are ended, oldest first: an asynchronous run may never end any. */
const MAX_OPEN = 100;
/** Of so many rounds it is known that they have been, newest first. */
const MAX_ENDED = 10_000;

/** Which round an event belongs to, where numbers may come again. */
export interface RoundTable {
  /** The program was started again: what it says of rounds that have ended is about new ones. */
  restart(): void;
  /**
   * The round that an event is about: one that is open; one that has ended, if the event comes late; else a new one.
   *
   * @param at - the event's time
   * @param isStart - whether it says that the round begins
   */
  find(number: number, at: number, isStart: boolean): OpenRound | EndedRound;
  /** The round of that number, the newest, if there is one. */
  peek(number: number): OpenRound | EndedRound | undefined;
  /** Lets go of what was held of a round that went on. */
  end(round: OpenRound, context: SpanContext | undefined): void;
  /** Those that go on, oldest first. */
  readonly open: readonly OpenRound[];
}

export interface RoundTableOptions {
  readonly runId: string;
  readonly maxClientSpans: number;
  /** Told to end a round: it begins again, or too many are open. */
  onAbandoned(round: OpenRound): void;
}

export function createRoundTable({ runId, maxClientSpans, onAbandoned }: RoundTableOptions): RoundTable {
  const open = new Map<number, OpenRound>();
  const ended = new Map<number, EndedRound>();
  let generation = 0;

  function end({ key, generation, startedAt }: OpenRound, context: SpanContext | undefined): void {
    open.delete(key.number);
    // So that it is the newest.
    ended.delete(key.number);
    ended.set(key.number, { isOpen: false, key, generation, startedAt, lateReports: 0, context });
    if (ended.size > MAX_ENDED) deleteFirst(ended);
  }

  function begin(number: number, at: number): OpenRound {
    const [oldest] = open.values();
    if (open.size >= MAX_OPEN && oldest !== undefined) onAbandoned(oldest);
    const round: OpenRound = {
      isOpen: true,
      key: { runId, number, attempt: (ended.get(number)?.key.attempt ?? 0) + 1 },
      generation,
      firstAt: at,
      lastAt: at,
      startedAt: undefined,
      trainedAt: undefined,
      selected: undefined,
      reports: createReports(maxClientSpans),
      span: undefined,
    };
    open.set(number, round);
    return round;
  }

  return {
    restart() {
      generation++;
    },
    find(number, at, isStart) {
      const known = open.get(number);
      if (known !== undefined) {
        if (!isStart || known.generation === generation) return known;
        onAbandoned(known);
      }
      const before = ended.get(number);
      const isLate = before !== undefined && !isStart && before.generation === generation;
      return isLate ? before : begin(number, at);
    },
    peek: (number) => open.get(number) ?? ended.get(number),
    end,
    get open() {
      return [...open.values()];
    },
  };
}

function deleteFirst(map: Map<number, unknown>): void {
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}
