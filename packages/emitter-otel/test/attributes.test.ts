import { readFileSync } from "node:fs";
import { inRepository } from "@hivewatch/test-support";
import { ODD_RUNS, RECORDED_STREAMS, recordedStream } from "@hivewatch/testkit";
import { expect, it } from "vitest";
import { ATTRIBUTES } from "../src/attributes.ts";
import { LOG_EVENTS } from "../src/logs/log-events.ts";
import { record } from "./recording.ts";

const page = readFileSync(inRepository("docs/emitters/otel.md"), "utf8");

/** The rows of the table under a heading, cell by cell. */
function tableUnder(heading: string): string[][] {
  const section = page.slice(page.indexOf(`\n${heading}\n`)).split(/\n##+ /)[1] ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  return rows.map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replace(/^`|`$/g, "")),
  );
}

it("the documentation has all attributes", () => {
  expect(
    tableUnder("### Attributes")
      .map(([name]) => name)
      .sort(),
  ).toEqual(Object.values(ATTRIBUTES).sort());
});

it("the documentation has all log records, with their severities", () => {
  const told = tableUnder("## Log records").map(([name, severities]) => [name, severities?.match(/INFO|WARN|ERROR/g)]);
  const severities = new Map<string, string[]>();
  for (const { eventName, severityText } of Object.values(LOG_EVENTS)) {
    severities.set(eventName, [...(severities.get(eventName) ?? []), severityText]);
  }
  expect(Object.fromEntries(told)).toEqual(Object.fromEntries(severities));
});

it("spans and log records have no other attributes, and none without a value that receivers take", () => {
  const known = Object.values(ATTRIBUTES).map(
    (name) => new RegExp(`^${name.replaceAll(".", "\\.").replace("*", "\\w+")}$`),
  );
  const runs = [...RECORDED_STREAMS.map(recordedStream), ...Object.values(ODD_RUNS)];
  for (const { spans, records } of runs.map((events) => record(events))) {
    for (const { attributes } of [...spans, ...records]) {
      for (const [name, value] of Object.entries(attributes)) {
        expect(known.some((pattern) => pattern.test(name)) && name).toBe(name);
        expect(value).not.toBeUndefined();
        if (typeof value === "number") expect(value).toSatisfy(Number.isFinite);
      }
    }
  }
});
