import { expect, test } from "vitest";
import {
  formatAccuracy,
  formatAge,
  formatBytes,
  formatClock,
  formatCount,
  formatDateTime,
  formatField,
  formatNumber,
  formatPercent,
  formatSeconds,
  plural,
  withoutZeros,
} from "../src/format.ts";

test("a missing value is a dash, never 0", () => {
  for (const format of [formatCount, formatPercent, formatNumber, formatBytes, formatSeconds]) {
    expect(format(undefined)).toBe("–");
    expect(format(null)).toBe("–");
    expect(format(0)).toMatch(/^0/);
  }
});

test("an accuracy is a fraction of 1 or a percentage", () => {
  expect(formatAccuracy(0.879)).toBe("87.9%");
  expect(formatAccuracy(1)).toBe("100.0%");
  expect(formatAccuracy(1 + Number.EPSILON)).toBe("100.0%");
  expect(formatAccuracy(87.9)).toBe("87.9%");
  expect(formatAccuracy(undefined)).toBe("–");
});

test("values that are not finite keep their names", () => {
  expect(formatPercent(Number.NaN)).toBe("NaN");
  expect(formatBytes(Number.POSITIVE_INFINITY)).toBe("∞");
  expect(formatNumber(Number.NEGATIVE_INFINITY)).toBe("−∞");
});

test("bytes go up to the next unit before they would need four digits", () => {
  expect(formatBytes(999)).toBe("999 B");
  expect(formatBytes(1000)).toBe("1.0 kB");
  expect(formatBytes(999_499)).toBe("999 kB");
  expect(formatBytes(999_500)).toBe("1.0 MB");
  expect(formatBytes(2.5e9)).toBe("2.5 GB");
});

test("seconds", () => {
  expect(formatSeconds(0.0123)).toBe("12 ms");
  expect(formatSeconds(41.24)).toBe("41.2 s");
  expect(formatSeconds(125)).toBe("2 min 5 s");
  expect(formatSeconds(3599.7)).toBe("1 h 0 min");
});

test("numbers of any size keep four digits", () => {
  expect(formatNumber(0.123456)).toBe("0.1235");
  expect(formatNumber(1234.567)).toBe("1235");
  expect(formatNumber(12)).toBe("12");
  expect(formatNumber(1e-9)).toBe("1.00e-9");
  expect(formatNumber(-1e300)).toBe("-1.00e+300");
});

test("an axis drops decimals that say nothing", () => {
  expect(withoutZeros("50.0 s")).toBe("50 s");
  expect(withoutZeros("2.50 MB")).toBe("2.5 MB");
  expect(withoutZeros("100%")).toBe("100%");
});

test("ages", () => {
  expect(formatAge(-5)).toBe("0 s");
  expect(formatAge(40_000)).toBe("40 s");
  expect(formatAge(3 * 3_600_000)).toBe("3 h");
});

test("counts are rounded and grouped", () => {
  expect(formatCount(999)).toBe("999");
  expect(formatCount(1000)).toBe("1,000");
  expect(formatCount(-1_234_567.5)).toBe("-1,234,568");
});

test("times are those of the reader's zone", () => {
  expect(formatClock(new Date(2026, 8, 3, 4, 5, 6).getTime())).toBe("04:05:06");
  expect(formatDateTime(new Date(2026, 8, 3, 14, 5, 6).toISOString())).toBe("3 Sept 2026, 14:05");
  expect(formatClock("never")).toBe("–");
});

test("an application's own field", () => {
  expect(formatField("<b>")).toBe("<b>");
  expect(formatField([1, 2])).toBe("[1,2]");
  expect(formatField(undefined)).toBe("–");
});

test("one and many", () => {
  expect(plural(1, "site")).toBe("1 site");
  expect(plural(3, "site")).toBe("3 sites");
});
