import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createPacer, type Pacer } from "../../src/engine/pacer.ts";

const EVERY_MS = 100;

/** How long each piece of work takes, in ms. */
let costMs = 0;
let now = 0;
let done = 0;
let whileWorking = (): void => {};
let pacer: Pacer;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  vi.spyOn(performance, "now").mockImplementation(() => now);
  [costMs, now, done, whileWorking] = [0, 0, 0, () => {}];
  pacer = createPacer(
    () => {
      done++;
      now += costMs;
      whileWorking();
    },
    { everyMs: EVERY_MS, restShare: 4 },
  );
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("works once for all who ask, and not before they have had time to", () => {
  for (let i = 0; i < 10; i++) pacer.ask();
  vi.advanceTimersByTime(EVERY_MS - 1);
  expect(done).toBe(0);
  vi.advanceTimersByTime(1);
  expect(done).toBe(1);
  vi.advanceTimersByTime(100 * EVERY_MS);
  expect(done).toBe(1);
});

test.each([0, 1000])("hears who asks while it works, where that takes %d ms", (cost) => {
  costMs = cost;
  whileWorking = () => done === 1 && pacer.ask();
  pacer.ask();
  vi.advanceTimersByTime(EVERY_MS);
  expect(done).toBe(1);
  vi.advanceTimersByTime(4 * cost + EVERY_MS);
  expect(done).toBe(2);
});

test("rests after hard work, and then hears who has asked meanwhile", () => {
  costMs = 1000;
  pacer.ask();
  vi.advanceTimersByTime(EVERY_MS);
  expect(done).toBe(1);
  pacer.ask();
  vi.advanceTimersByTime(4 * costMs);
  expect(done).toBe(1);
  vi.advanceTimersByTime(EVERY_MS);
  expect(done).toBe(2);
});

test("does nothing more once it is closed", () => {
  pacer.ask();
  pacer.close();
  pacer.ask();
  vi.advanceTimersByTime(100 * EVERY_MS);
  expect(done).toBe(0);
});
