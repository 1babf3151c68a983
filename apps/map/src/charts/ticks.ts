import { formatSeconds, withoutZeros } from "../format.ts";

/** Steps in which people count time, in seconds. */
export const TIME_STEPS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600,
  43_200, 86_400, 172_800, 604_800, 2_592_000, 31_536_000, 315_360_000,
];

/** A mark of an axis of time, which is a round one: `2 min`. */
export function timeMark(seconds: number): string {
  return withoutZeros(formatSeconds(seconds)).replace(/ 0 (s|min)$/, "");
}

/** Round times from `low` to `high`, in seconds, `most` at most. */
export function timeTicks(low: number, high: number, most: number): number[] {
  const step = TIME_STEPS.find((each) => each >= (high - low) / most);
  return step === undefined ? ticks(low, high, most) : multiples(step, low, high, most);
}

/** Round numbers from `low` to `high`, `most` at most. */
export function ticks(low: number, high: number, most: number): number[] {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span) || most < 1) return [low];
  const rough = span / most;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * size).find((each) => each >= rough) ?? rough;
  return multiples(step, low, high, most);
}

function multiples(step: number, low: number, high: number, most: number): number[] {
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  return Array.from({ length: Math.max(0, Math.min(most + 1, count)) }, (_, i) => (first + i) * step);
}
