import { TIME_STEPS } from "./time-marks.ts";

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
  const step = [1, 2, 2.5, 5, 10].map((times) => times * size).find((each) => each >= rough) ?? rough;
  return multiples(step, low, high, most);
}

function multiples(step: number, low: number, high: number, most: number): number[] {
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  return Array.from({ length: Math.max(0, Math.min(most + 1, count)) }, (_, i) => (first + i) * step);
}
