import type { ClientMetrics } from "@hivewatch/core";
import type { ClientTimes } from "./client-times.ts";
import { keepFirst } from "./keep-first.ts";

/** Why a client has no result. */
export interface Failure {
  /** One of a few words. */
  readonly type: string;
  /** For people. */
  readonly reason: string;
  /** What it was asked to do: `train`, `evaluate`, … Undefined: nobody said. */
  readonly phase?: string | undefined;
}

/** What was heard of a client in a round, once. */
export interface Report {
  readonly client: ClientMetrics;
  readonly times: ClientTimes;
  readonly failure: Failure | undefined;
  /** Whether the round had ended. */
  readonly isLate: boolean;
}

/** A report that has spans. */
export interface ChosenReport extends Report {
  /** How many reports of the round it stands for, itself included. Undefined: all have spans. */
  readonly adjustedCount: number | undefined;
}

/** The reports of a round, of which a bounded number is held. */
export interface Reports {
  readonly count: number;
  readonly failed: number;
  add(report: Report): void;
  /** Those that have spans, in the order in which they came. */
  choose(): ChosenReport[];
}

interface Numbered {
  readonly report: Report;
  readonly order: number;
  /** Of the client's id: so a client is in the sample of each round, or in none. */
  readonly lot: number;
}

/**
 * @param most - how many have spans. Of more: up to half of them failed ones, of the others one half the slowest and one half a
 *   sample that depends on nothing but the clients' ids
 */
export function createReports(most: number): Reports {
  const failed = keepFirst(most, byLot);
  const slowest = keepFirst(most, byLength);
  const sampled = keepFirst(most, byLot);

  function chooseSome(): ChosenReport[] {
    const succeeded = sampled.count;
    const failures = failed.kept().slice(0, Math.max(Math.floor(most / 2), most - succeeded));
    const rest = most - failures.length;
    const slow = slowest.kept().slice(0, Math.floor(rest / 2));
    const isSlow = new Set(slow);
    const sample = sampled
      .kept()
      .filter((item) => !isSlow.has(item))
      .slice(0, rest - slow.length);
    return inOrder([
      ...failures.map((item) => counted(item, failed.count / failures.length)),
      ...slow.map((item) => counted(item, 1)),
      ...sample.map((item) => counted(item, (succeeded - slow.length) / sample.length)),
    ]);
  }

  const count = (): number => failed.count + sampled.count;

  return {
    get count() {
      return count();
    },
    get failed() {
      return failed.count;
    },
    add(report) {
      const item = { report, order: count(), lot: lotOf(report.client.client_id) };
      if (report.failure !== undefined) return failed.add(item);
      sampled.add(item);
      slowest.add(item);
    },
    choose() {
      if (count() > most) return chooseSome();
      return inOrder([...failed.kept(), ...sampled.kept()].map((item) => counted(item, undefined)));
    },
  };
}

interface Counted {
  readonly order: number;
  readonly chosen: ChosenReport;
}

function counted({ report, order }: Numbered, adjustedCount: number | undefined): Counted {
  return { order, chosen: { ...report, adjustedCount } };
}

function inOrder(items: readonly Counted[]): ChosenReport[] {
  return items.toSorted((a, b) => a.order - b.order).map(({ chosen }) => chosen);
}

function byLot(a: Numbered, b: Numbered): number {
  return a.lot - b.lot;
}

function byLength(a: Numbered, b: Numbered): number {
  return lengthOf(b) - lengthOf(a);
}

function lengthOf({ report: { times } }: Numbered): number {
  return times.end - times.start;
}

/** FNV-1a, mixed once more: ids that differ in their last digit alone must not stand together. */
function lotOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
