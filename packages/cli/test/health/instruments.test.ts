import { readFile } from "node:fs/promises";
import { type MetricFamily, startMapServer } from "@hivewatch/map-server";
import { openRunStore } from "@hivewatch/runs";
import { inRepository, parseMetrics, temporaryFolder } from "@hivewatch/test-support";
import { expect, onTestFinished, test } from "vitest";
import { INSTRUMENTS, type Instrument } from "../../src/health/instruments.ts";

const KINDS: Readonly<Record<MetricFamily["kind"], string>> = {
  counter: "counter",
  upDownCounter: "up-down counter",
  gauge: "gauge",
  histogram: "histogram",
};

const ALL: readonly [string, Instrument][] = Object.entries(INSTRUMENTS);

/** What Prometheus calls each of them, in their order. */
async function namesForPrometheus(): Promise<string[]> {
  const families = ALL.map(([name, { kind, unit, description }]) => {
    const value = kind === "histogram" ? { bounds: [1], counts: [0, 0], sum: 0 } : 0;
    return { name, kind, unit, description, points: [{ attributes: {}, value }] };
  });
  const store = openRunStore({ dir: await temporaryFolder() });
  const server = await startMapServer({ store, port: 0, metrics: () => families });
  onTestFinished(() => server.close());
  return [...parseMetrics(await (await fetch(`${server.url}/metrics`)).text()).keys()];
}

test("the table in the documentation is that of the code", async () => {
  const names = await namesForPrometheus();
  const rows = ALL.map(([name, { kind, unit, attributes, description }], i) => {
    const told = attributes.map((attribute) => `\`${attribute}\``).join(", ");
    return `| \`${name}\` | \`${names[i]}\` | ${KINDS[kind]} | \`${unit}\` | ${told} | ${description} |`;
  });
  const lines = (await readFile(inRepository("docs/operations.md"), "utf8")).split("\n");
  expect(lines.filter((line) => line.startsWith("| `hivewatch."))).toEqual(rows);
});

test.each(ALL)(
  "%s is named and described as OpenTelemetry asks for",
  (name, { unit, kind, attributes, description }) => {
    expect(name).toMatch(/^hivewatch\.bridge(\.[a-z]+(_[a-z]+)*)+$/);
    expect(name).not.toMatch(/(_total|\.total|_count|_bytes|_seconds)$/);
    // No name is another one's namespace.
    expect(ALL.some(([other]) => other.startsWith(`${name}.`))).toBe(false);
    expect(unit).toMatch(/^(s|By|\{[a-z]+\})$/);
    if (unit === "s" && kind === "histogram") expect(name).toMatch(/\.(duration|delay)$/);
    expect(description).toMatch(/^[A-Z].*[^.|]$/);
    for (const attribute of attributes) expect(attribute).toMatch(/^hivewatch(\.[a-z]+)+$/);
  },
);
