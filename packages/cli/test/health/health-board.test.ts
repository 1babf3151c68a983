import { expect, test, vi } from "vitest";
import { createHealthBoard } from "../../src/health/health-board.ts";
import type { InstrumentName } from "../../src/health/instruments.ts";
import { type Point, point } from "../../src/health/points.ts";
import type { HealthReport } from "../../src/health/report.ts";

const READER = { "hivewatch.reader.name": "e" };

function report(points: readonly Point[], changes: Partial<HealthReport> = {}): HealthReport {
  const loopDelay = { bounds: [1], counts: [3, 1], sum: 2 };
  return { vitals: { heapUsed: 100, loopDelay, loopActive: 0.5 }, points, heard: 0, ...changes };
}

function figure(points: readonly Point[], instrument: InstrumentName): Point["value"] | undefined {
  return points.find((each) => each.instrument === instrument)?.value;
}

test("what a thread reports is told with its name, beside what it measures", () => {
  const board = createHealthBoard();
  const thread = board.of("page");
  thread.begin();
  thread.take(report([point("hivewatch.bridge.page.subscribers", 2)]));
  const points = board.points();
  expect(points).toContainEqual(point("hivewatch.bridge.page.subscribers", 2));
  const name = { "hivewatch.thread.name": "page" };
  expect(points).toContainEqual(point("hivewatch.bridge.thread.heap", 100, name));
  expect(points).toContainEqual(point("hivewatch.bridge.thread.restarts", 0, name));
});

test("of a thread that reports no more the last figures stay, and their age grows", () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const board = createHealthBoard();
  const thread = board.of("page");
  thread.begin();
  thread.take(report([point("hivewatch.bridge.page.subscribers", 2)]));
  vi.advanceTimersByTime(30_000);
  expect(figure(board.points(), "hivewatch.bridge.page.subscribers")).toBe(2);
  expect(figure(board.points(), "hivewatch.bridge.thread.report.age")).toBe(30);
  vi.useRealTimers();
});

test("what a thread has counted is not forgotten when it is started again", () => {
  const board = createHealthBoard();
  const thread = board.of("emitter-e");
  const counted = (count: number): HealthReport =>
    report([
      point("hivewatch.bridge.emitter.retries", count, READER),
      point("hivewatch.bridge.reader.lag.runs", 1, READER),
    ]);
  thread.begin();
  thread.take(counted(5));
  thread.begin();
  expect(figure(board.points(), "hivewatch.bridge.emitter.retries")).toBe(5);
  thread.take(counted(2));
  thread.take(counted(3));
  thread.begin();
  thread.begin();
  thread.take(counted(1));
  const points = board.points();
  expect(figure(points, "hivewatch.bridge.emitter.retries")).toBe(9);
  expect(figure(points, "hivewatch.bridge.reader.lag.runs")).toBe(1);
  expect(figure(points, "hivewatch.bridge.thread.restarts")).toBe(3);
  // What a histogram holds is counted as well.
  const delay = { bounds: [1], counts: [9, 3], sum: 6 };
  expect(figure(points, "hivewatch.bridge.thread.event_loop.delay")).toEqual(delay);
});

test("a reader that can't hear lags behind by what it was told", () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const board = createHealthBoard();
  const thread = board.of("emitter-e");
  const lag = (events: number, seconds: number, heard: number): HealthReport =>
    report(
      [
        point("hivewatch.bridge.reader.lag.events", events, READER),
        point("hivewatch.bridge.reader.lag.duration", seconds, READER),
      ],
      { heard },
    );
  thread.begin();
  thread.tell([{ runId: "r", position: 1000, isOpen: true }]);
  thread.tell([{ runId: "r", position: 1010, isOpen: true }]);
  thread.take(lag(0, 0, 10));
  expect(figure(board.points(), "hivewatch.bridge.reader.lag.events")).toBe(0);
  vi.advanceTimersByTime(2000);
  expect(figure(board.points(), "hivewatch.bridge.reader.lag.duration")).toBe(0);
  thread.tell([
    { runId: "r", position: 1030, isOpen: true },
    { runId: "other", position: 0, isOpen: true },
  ]);
  thread.tell([{ runId: "other", position: 7, isOpen: false }]);
  expect(figure(board.points(), "hivewatch.bridge.reader.lag.events")).toBe(27);
  expect(figure(board.points(), "hivewatch.bridge.reader.lag.duration")).toBe(2);
  thread.take(lag(27, 1.5, 37));
  expect(figure(board.points(), "hivewatch.bridge.reader.lag.events")).toBe(27);
  vi.advanceTimersByTime(1000);
  expect(figure(board.points(), "hivewatch.bridge.reader.lag.duration")).toBe(2.5);
  // The next life is told everything anew.
  thread.begin();
  expect(figure(board.points(), "hivewatch.bridge.reader.lag.events")).toBe(27);
  vi.useRealTimers();
});
