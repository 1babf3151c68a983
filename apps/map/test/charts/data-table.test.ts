import { expect, test } from "vitest";
import { toCsv } from "../../src/charts/data-table.ts";
import { fileName } from "../../src/charts/save-file.ts";

test("CSV keeps what is missing, not finite or hostile apart", () => {
  const values = [1.5, undefined, Number.NaN, Number.NEGATIVE_INFINITY, 'a "b",\nc', "=cmd()", "-1 is text", "plain"];
  const csv = toCsv({ name: "t", rows: values.length, columns: [{ name: "a,b", value: (row) => values[row] }] });
  expect(csv).toBe(
    ['\uFEFF"a,b"', "1.5", "", "NaN", "-Infinity", '"a ""b"",\nc"', "'=cmd()", "'-1 is text", "plain", ""].join("\r\n"),
  );
});

test("files have names that every system takes", () => {
  expect(fileName("../../run <1> Accuracy.csv")).toBe("run-1-Accuracy.csv");
  expect(fileName("\u202e/.png")).toBe("hivewatch.png");
  expect(fileName(`${"x".repeat(10_000)}.csv`)).toHaveLength(104);
});
