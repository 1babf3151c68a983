import { expect, test } from "vitest";
import { cellAfter, cellAt, layMatrix, scrollTo } from "../../src/charts/matrix-layout.ts";
import { countStatuses, statusesInWords, troubleOrder } from "../../src/charts/matrix-order.ts";
import { matrixTable } from "../../src/charts/matrix-table.ts";
import type { Participation } from "../../src/data/run-data.ts";
import { STATUS_CODES, STATUS_LABELS } from "../../src/data/statuses.ts";
import { USUAL_CELLS } from "../../src/page-state.ts";

const { active, failed, straggler, idle } = STATUS_CODES;

const DATA: Participation = {
  clients: Uint32Array.of(3, 1, 2),
  rounds: 3,
  status: Uint8Array.of(active, active, straggler, failed, idle, failed, active, 255, 255),
};

test("clients with most trouble come first, the others as they were", () => {
  expect([...troubleOrder(DATA, undefined)]).toEqual([1, 0, 2]);
});

test("the filter goes by the client, not by its row", () => {
  expect([...troubleOrder(DATA, Uint8Array.of(0, 0, 1, 1))]).toEqual([0, 2]);
});

test("a row in words says all that its marks say", () => {
  const words = [0, 1, 2].map((row) => statusesInWords(DATA, row, [0, 5, 6], STATUS_LABELS));
  expect(words).toEqual([
    "0–5 active, 6 straggler",
    "0 failed, 5 not in this round, 6 failed",
    "0 active, 5–6 not read yet",
  ]);
  expect(countStatuses(DATA, 1)[failed]).toBe(2);
});

test("its table has a row for each client in that order", () => {
  const table = matrixTable(DATA, Uint32Array.of(1, 0), ["a", "b", "c", "d"], [0, 5, 6], () => {});
  expect([0, 1].map((row) => table.columns[0]?.value(row))).toEqual(["b", "d"]);
});

test("a cell is where it was drawn, also when scrolled", () => {
  const layout = layMatrix(1_000, 10_000, USUAL_CELLS, 800);
  const { left, top, cellWidth, cellHeight } = layout;
  expect(cellAt(layout, { x: 0, y: 0 }, left + 1, top + 1)).toEqual({ row: 0, column: 0 });
  expect(cellAt(layout, { x: cellWidth * 3, y: cellHeight * 2 }, left + cellWidth, top)).toEqual({ row: 2, column: 4 });
  expect(cellAt(layout, { x: 0, y: 0 }, 1, 1)).toEqual({ row: -1, column: -1 });
});

test("few rounds fill the width, as far as that looks well", () => {
  expect(layMatrix(3, 12, USUAL_CELLS, 900).width).toBeLessThanOrEqual(900);
  expect(layMatrix(3, 0, USUAL_CELLS, 900).cellWidth).toBeGreaterThan(0);
});

test("scrolling goes no further than needed", () => {
  expect([scrollTo(0, 50, 10, 100), scrollTo(0, 200, 10, 100), scrollTo(300, 200, 10, 100)]).toEqual([0, 110, 200]);
});

test("keys move from the first cell, and stay within the matrix", () => {
  const first = { row: 0, column: 7 };
  const after = (key: string, row: number, column: number) => cellAfter(key, { row, column }, first, 5, 9);
  expect(cellAfter("ArrowDown", undefined, first, 5, 9)).toEqual(first);
  expect(after("ArrowDown", 4, 0)).toEqual({ row: 4, column: 0 });
  expect(after("PageUp", 3, 2)).toEqual({ row: 0, column: 2 });
  expect(after("End", 3, 2)).toEqual({ row: 3, column: 8 });
  expect(after("x", 3, 2)).toBeUndefined();
});
