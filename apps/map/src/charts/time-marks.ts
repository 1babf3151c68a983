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
