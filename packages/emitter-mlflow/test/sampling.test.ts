import { type HiveEvent, parseEvent } from "@hivewatch/core";
import { until } from "@hivewatch/test-support";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createLiveness, createSampling, SILENCE_MS } from "../src/sampling.ts";

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 5, 1);

describe("whether a run goes on now", () => {
  it.each([-HOUR, 0, HOUR])("is seen whatever its clock says: %d ms", (offset) => {
    const isLive = createLiveness();
    const delays = [0, 200, 30_000, 10, 0, 5000];
    const seen = delays.map((delay, i) => isLive(NOW + i * HOUR + offset, NOW + i * HOUR + delay));
    expect(seen).toEqual(delays.map(() => true));
  });

  it("is seen again once what had to wait was sent", () => {
    const isLive = createLiveness();
    // What it said in an hour comes within a second, then what it says now.
    const seen = [0, 0.25, 0.5, 0.75, 1].map((told, i) => isLive(NOW + told * HOUR, NOW + HOUR + 250 * i));
    expect(seen).toEqual([true, false, false, false, false]);
    expect(isLive(NOW + HOUR + 5000, NOW + HOUR + 5010)).toBe(true);
  });

  it("is not so of one that was saved", () => {
    const isLive = createLiveness();
    const seen = Array.from({ length: 10 }, (_, i) => isLive(NOW + 60_000 * i, NOW + 2 * HOUR + 100 * i));
    expect(seen.slice(1)).toEqual(Array(9).fill(false));
    expect(createLiveness()(NOW, NOW + 48 * HOUR)).toBe(false);
  });
});

function batchOf(time: number): HiveEvent[] {
  return [parseEvent({ run_id: "r", event_type: "round_start", round: 1, timestamp: new Date(time).toISOString() })];
}

it("ends when nothing has come for long, and goes on with what comes then", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
  onTestFinished(() => void vi.useRealTimers());
  const cleared = vi.spyOn(globalThis, "clearInterval");
  onTestFinished(() => cleared.mockRestore());
  const times: number[] = [];
  const sampling = createSampling(0.02, 1000, async (points) => {
    for (const { key, timestamp } of points) if (key === "system/cpu_utilization_percentage") times.push(timestamp);
  });
  onTestFinished(() => sampling.stop());
  // By a clock that is an hour ahead.
  const run = { isOver: false, startTime: NOW + HOUR };
  sampling.follow(batchOf(NOW + HOUR), run);
  await until("samples", () => times.length > 2);
  expect(cleared).not.toHaveBeenCalled();
  const later = NOW + SILENCE_MS + HOUR;
  vi.setSystemTime(later);
  await until("its end", () => cleared.mock.calls.length > 0);
  const before = times.length;
  vi.setSystemTime(later + HOUR);
  sampling.follow(batchOf(later + 2 * HOUR), run);
  await until("more samples", () => times.length > before + 2);
  // One sample may still come between the clock's leap and the look that ends it.
  expect(new Set(times.filter((time) => time !== later))).toEqual(new Set([NOW, later + HOUR]));
});
