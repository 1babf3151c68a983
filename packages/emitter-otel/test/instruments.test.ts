import { readFileSync } from "node:fs";
import { inRepository } from "@hivewatch/test-support";
import { expect, it } from "vitest";
import { ATTRIBUTES, INSTRUMENTS } from "../src/metrics/instruments.ts";

const page = readFileSync(inRepository("docs/emitters/otel.md"), "utf8");
const metrics = page.slice(page.indexOf("\n## Metrics\n"), page.indexOf("\n### In Prometheus\n"));
const rows = metrics
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replace(/^`|`$/g, "")),
  );
const SINGLE = "hivewatch.per_client.";

it("the documentation has all metrics, with their kinds and units", () => {
  const told = rows.filter((cells) => cells.length === 4).map(([name, kind, unit]) => [name, kind, unit]);
  expect(told).toEqual(INSTRUMENTS.map(({ name, kind, unit }) => [name, kind, unit]));
});

it("the documentation has all attributes of metrics", () => {
  const told = rows.filter((cells) => cells.length === 3).map(([name]) => name);
  expect(told.sort()).toEqual(Object.values(ATTRIBUTES).sort());
});

it("a metric over clients has its like for one client", () => {
  const names = INSTRUMENTS.map(({ name }) => name);
  const single = names.filter((name) => name.startsWith(SINGLE));
  expect(single.length).toBeGreaterThan(10);
  for (const name of single) expect(names).toContain(name.replace(SINGLE, "hivewatch.client."));
});

it("names follow OpenTelemetry's rules, and none is the beginning of another one's namespace", () => {
  const names = INSTRUMENTS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) {
    expect(name).toMatch(/^hivewatch(\.[a-z][a-z0-9]*(_[a-z0-9]+)*)+$/);
    expect(name).not.toMatch(/_total$|_count$/);
    expect(names.filter((other) => other.startsWith(`${name}.`))).toEqual([]);
  }
});

it("units are UCUM's: one of a few of its codes, or an annotation", () => {
  for (const { name, unit } of INSTRUMENTS) expect(unit, name).toMatch(/^(1|s|By|\{[a-z]+\})$/);
});
