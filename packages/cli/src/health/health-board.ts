import type { RunNews } from "@hivewatch/runs";
import { addValues } from "./add-values.ts";
import { INSTRUMENTS } from "./instruments.ts";
import { createNewsCount } from "./news-count.ts";
import { type Point, point } from "./points.ts";
import type { HealthReport } from "./report.ts";
import type { Vitals } from "./vitals.ts";

/** Where a thread's reports come together with what is known of it from outside. */
export interface ThreadHealth {
  /** Says that it is started, or started again. */
  begin(): void;
  /** Says what it is told of the logs, which it may be too busy to hear. */
  tell(news: readonly RunNews[]): void;
  take(report: HealthReport): void;
}

/** The figures of several threads. Of one that reports no more the last ones stay. */
export interface HealthBoard {
  of(thread: string): ThreadHealth;
  points(): Point[];
}

interface Known extends ThreadHealth {
  points(): Point[];
}

export function createHealthBoard(): HealthBoard {
  const threads = new Map<string, Known>();
  return {
    of(thread) {
      const known = threads.get(thread) ?? createThreadHealth(thread);
      threads.set(thread, known);
      return known;
    },
    points: () => [...threads.values()].flatMap((known) => known.points()),
  };
}

function createThreadHealth(thread: string): Known {
  const attributes = { "hivewatch.thread.name": thread };
  /** What former lives of the thread have counted. */
  let carried = new Map<string, Point>();
  let latest: readonly Point[] = [];
  let told = createNewsCount();
  let heard: number | undefined;
  let begins = 0;
  let reportedAt = performance.now();

  return {
    begin() {
      begins++;
      carried = new Map(latest.filter(isCumulative).map((each) => [keyOf(each), each]));
      told = createNewsCount();
      heard = undefined;
    },
    tell: (news) => told.add(news),
    take(report) {
      latest = [...report.points, ...vitalPoints(report.vitals, attributes)].map((each) => {
        const before = carried.get(keyOf(each));
        return before === undefined ? each : { ...each, value: addValues(before.value, each.value) };
      });
      heard = report.heard;
      reportedAt = performance.now();
    },
    points() {
      const age = (performance.now() - reportedAt) / 1000;
      const unheard = heard === undefined ? 0 : told.total - heard;
      return [
        ...latest.map((each) => asOfNow(each, unheard, age)),
        point("hivewatch.bridge.thread.restarts", Math.max(0, begins - 1), attributes),
        point("hivewatch.bridge.thread.report.age", age, attributes),
      ];
    },
  };
}

/** The figures of any thread. */
export function vitalPoints({ heapUsed, loopDelay, loopActive }: Vitals, attributes: Point["attributes"]): Point[] {
  return [
    point("hivewatch.bridge.thread.heap", heapUsed, attributes),
    point("hivewatch.bridge.thread.event_loop.delay", loopDelay, attributes),
    point("hivewatch.bridge.thread.event_loop.active", loopActive, attributes),
  ];
}

/**
 * What a reader would say of its lag if it could.
 *
 * @param unheard - events that it has been told of and has not heard of
 * @param age - of what it said last, in seconds
 */
function asOfNow(said: Point, unheard: number, age: number): Point {
  if (typeof said.value !== "number") return said;
  if (said.instrument === "hivewatch.bridge.reader.lag.events") return { ...said, value: said.value + unheard };
  const waits = said.instrument === "hivewatch.bridge.reader.lag.duration" && (said.value > 0 || unheard > 0);
  return waits ? { ...said, value: said.value + age } : said;
}

function isCumulative({ instrument }: Point): boolean {
  const { kind } = INSTRUMENTS[instrument];
  return kind === "counter" || kind === "histogram";
}

function keyOf({ instrument, attributes }: Point): string {
  return JSON.stringify([instrument, attributes]);
}
