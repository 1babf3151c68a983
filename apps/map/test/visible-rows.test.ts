import { newSeed, randomFrom } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { scrollToRow, visibleRows } from "../src/ui/visible-rows.ts";

test("what is seen is drawn, and some beside it", () => {
  expect(visibleRows(0, 320, 5, 32)).toEqual({ first: 0, end: 5, offset: 0, height: 160 });
  const { first, end, offset, height } = visibleRows(3200, 320, 1000, 32);
  expect(first).toBeLessThan(100);
  expect(end).toBeGreaterThan(110);
  expect(end - first).toBeLessThan(40);
  expect(offset).toBe(first * 32);
  expect(height).toBe(32_000);
});

test("an empty list, and one that is scrolled beyond its end", () => {
  expect(visibleRows(0, 320, 0, 32)).toEqual({ first: 0, end: 0, offset: 0, height: 0 });
  expect(visibleRows(99_999, 320, 20, 32).end).toBe(20);
});

test("of any list, both ends can be reached, and any row can be scrolled to", () => {
  const { below } = randomFrom(newSeed());
  for (let run = 0; run < 500; run++) {
    const count = 1 + below(below(2) === 0 ? 200 : 2_000_000);
    const viewport = 100 + below(1000);
    const { height } = visibleRows(0, viewport, count, 32);
    expect(visibleRows(0, viewport, count, 32).first).toBe(0);
    expect(visibleRows(height - viewport, viewport, count, 32).end).toBe(count);
    const row = below(count);
    const top = below(height);
    const to = scrollToRow(row, top, viewport, count, 32) ?? top;
    const { first, end } = visibleRows(to, viewport, count, 32);
    expect(first).toBeLessThanOrEqual(row);
    expect(end).toBeGreaterThan(row);
  }
});
