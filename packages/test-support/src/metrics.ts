/** A value that a text for Prometheus tells. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric of such a text. */
export interface SampleFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly unit: string | undefined;
  readonly samples: readonly Sample[];
}

const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: [""],
  gauge: [""],
  histogram: ["_bucket", "_sum", "_count"],
};
const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/**
 * Reads a text for Prometheus, and fails at whatever its formats don't allow or only tolerate: 0.0.4, and OpenMetrics 1.0 if
 * asked for.
 */
export function parseMetrics(text: string, isOpenMetrics = false): ReadonlyMap<string, SampleFamily> {
  const end = isOpenMetrics ? "# EOF\n" : "";
  if (!text.endsWith(`\n${end}`)) fail("it doesn't end as it should", text.slice(-40));
  const families = new Map<string, SampleFamily>();
  for (const block of text.slice(0, text.length - end.length).split(/^(?=# HELP )/m)) {
    const family = parseFamily(block, isOpenMetrics);
    if (families.has(family.name)) fail("a metric stands there twice", family.name);
    families.set(family.name, family);
  }
  return families;
}

/** The value of a metric with these labels, which must be there once. */
export function sampleOf(
  families: ReadonlyMap<string, SampleFamily>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const samples = [...families.values()].flatMap((family) => family.samples);
  const wanted = JSON.stringify(Object.entries(labels).sort());
  const found = samples.filter(
    (sample) => sample.name === name && JSON.stringify(Object.entries(sample.labels).sort()) === wanted,
  );
  const [sample] = found;
  return sample === undefined ? fail("there is no such sample", `${name} ${wanted}`) : sample.value;
}

function parseFamily(block: string, isOpenMetrics: boolean): SampleFamily {
  const [helpLine = "", typeLine = "", ...rest] = block.split("\n").slice(0, -1);
  const [, name = "", help = ""] = /^# HELP (\S+) (.*)$/.exec(helpLine) ?? fail("not a HELP line", helpLine);
  if (!NAME.test(name)) fail("not a name", name);
  const [, type = ""] = new RegExp(`^# TYPE ${name} (\\w+)$`).exec(typeLine) ?? fail("not its TYPE line", typeLine);
  const [, unit] = new RegExp(`^# UNIT ${name} (\\w+)$`).exec(rest[0] ?? "") ?? [];
  if (unit !== undefined && !(isOpenMetrics && name.endsWith(`_${unit}`))) fail("not a place for a unit", block);
  const samples = rest.slice(unit === undefined ? 0 : 1).map(parseSample);
  const sampleName = isOpenMetrics && type === "counter" ? `${name}_total` : name;
  const names = (SUFFIXES[type] ?? fail("not a type", type)).map((suffix) => sampleName + suffix);
  if (type === "counter" && !sampleName.endsWith("_total")) fail("a counter that doesn't say so", sampleName);
  if (isOpenMetrics && type === "counter" && name.endsWith("_total")) fail("the suffix is the sample's", name);
  for (const sample of samples) if (!names.includes(sample.name)) fail("not a sample of this metric", sample.name);
  const series = samples.map((sample) => JSON.stringify([sample.name, Object.entries(sample.labels).sort()]));
  if (samples.length === 0 || new Set(series).size < series.length) fail("no samples, or one of them twice", block);
  if (type === "histogram") checkHistogram(name, samples, isOpenMetrics);
  if (type === "counter" && samples.some(({ value }) => !(value >= 0))) fail("a counter below 0", block);
  return { name, type, help: unescaped(help, isOpenMetrics ? '"' : ""), unit, samples };
}

function parseSample(line: string): Sample {
  const parts = /^([^{ ]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? fail("not a sample", line);
  const [, name = "", labelText = "", value = ""] = parts;
  const labels: Record<string, string> = {};
  let rest = labelText;
  while (rest !== "") {
    const label =
      /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,(?=.)|$)/.exec(rest) ?? fail("not labels", line);
    const [whole, key = "", escaped = ""] = label;
    if (key in labels) fail("a label stands there twice", line);
    labels[key] = unescaped(escaped, '"');
    rest = rest.slice(whole.length);
  }
  return { name, labels, value: parseNumber(value) };
}

function parseNumber(text: string): number {
  const special = new Map([
    ["+Inf", Number.POSITIVE_INFINITY],
    ["-Inf", Number.NEGATIVE_INFINITY],
    ["NaN", Number.NaN],
  ]).get(text);
  if (special === undefined && !/^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(text)) fail("not a number", text);
  return special ?? Number(text);
}

function checkHistogram(name: string, samples: readonly Sample[], isOpenMetrics: boolean): void {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const { le: _, ...others } = sample.labels;
    const key = JSON.stringify(Object.entries(others).sort());
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  for (const group of groups.values()) {
    const buckets = group.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => labels.le ?? fail("a bucket without le", name));
    const isAscending = (values: readonly number[], isStrict: boolean): boolean =>
      values.every((value, i) => i === 0 || value > (values[i - 1] ?? 0) || (!isStrict && value === values[i - 1]));
    if (!isAscending(bounds.map(parseNumber), true)) fail("bounds that don't ascend", bounds.join());
    if (isOpenMetrics && bounds.some((bound) => /^\d+$/.test(bound))) fail("a bound without its point", bounds.join());
    const counts = buckets.map(({ value }) => value);
    if (!isAscending(counts, false)) fail("buckets that don't hold those below them", counts.join());
    const [sum, count] = ["_sum", "_count"].map((end) => group.filter((sample) => sample.name === name + end));
    if (sum?.length !== 1 || count?.length !== 1) fail("not one sum and one count", name);
    if (bounds.at(-1) !== "+Inf" || counts.at(-1) !== count?.[0]?.value) fail("the last bucket is not the count", name);
  }
}

function unescaped(text: string, also: string): string {
  return text.replace(/\\(.)/g, (whole, sign: string) => {
    if (sign === "n") return "\n";
    return sign === "\\" || sign === also ? sign : fail("not an escape", whole);
  });
}

function fail(what: string, text: string): never {
  throw new Error(`${what}: ${text}`);
}
