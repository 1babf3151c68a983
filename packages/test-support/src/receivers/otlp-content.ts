import { type Fields, fields, list } from "../fields.ts";

type AttributeValue = string | number | boolean | bigint | readonly AttributeValue[] | Attributes | undefined;

/** By name, sorted, so that two can be compared. */
export interface Attributes {
  readonly [name: string]: AttributeValue;
}

interface Sent {
  readonly resource: Attributes;
  readonly scope: string;
  readonly attributes: Attributes;
}

/** A data point of a metric. */
export interface OtlpPoint extends Sent {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly kind: string;
  readonly temporality: "delta" | "cumulative" | undefined;
  readonly isMonotonic: boolean | undefined;
  /** Nanoseconds since 1970. */
  readonly startTime: bigint;
  readonly time: bigint;
  /** Of a gauge or a sum. */
  readonly value: number | undefined;
  readonly histogram: OtlpHistogram | undefined;
}

/** A data point of an exponential histogram. Bucket `i` counts values above
 * base^(offset + i), up to and with base^(offset + i + 1), where base is 2^(2^-scale). */
export interface OtlpHistogram {
  readonly count: number;
  readonly sum: number | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly scale: number;
  readonly zeroCount: number;
  readonly positive: OtlpBuckets;
  readonly negative: OtlpBuckets;
}

export interface OtlpBuckets {
  readonly offset: number;
  readonly counts: readonly number[];
}

export interface OtlpLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Attributes;
}

export interface OtlpSpan extends Sent {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: it has none. */
  readonly parentSpanId: string;
  readonly kind: number;
  /** Nanoseconds since 1970. */
  readonly startTime: bigint;
  readonly endTime: bigint;
  /** 0: unset, 1: ok, 2: error. */
  readonly status: number;
  readonly statusMessage: string;
  readonly links: readonly OtlpLink[];
}

export interface OtlpLogRecord extends Sent {
  readonly eventName: string;
  readonly body: AttributeValue;
  readonly severity: number;
  readonly severityText: string;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  readonly observedTime: bigint;
  readonly traceId: string;
  readonly spanId: string;
}

/** What a collector has taken. */
export interface OtlpContent {
  readonly points: readonly OtlpPoint[];
  readonly spans: readonly OtlpSpan[];
  readonly logs: readonly OtlpLogRecord[];
}

/** Reads lines of OTLP in JSON, as the collector's file exporter writes them; a line that is still being written is left out. */
export function readOtlpLines(text: string): OtlpContent {
  const requests = text
    .split("\n")
    .slice(0, -1)
    .map((line) => fields(JSON.parse(line)));
  return {
    points: requests.flatMap((each) => pointsIn(each)),
    spans: itemsIn(requests, "resourceSpans", "scopeSpans", "spans").map(spanOf),
    logs: itemsIn(requests, "resourceLogs", "scopeLogs", "logRecords").map(logRecordOf),
  };
}

interface Item {
  readonly resource: Attributes;
  readonly scope: string;
  readonly item: Fields;
}

function itemsIn(requests: readonly Fields[], ofResource: string, ofScope: string, items: string): Item[] {
  return requests.flatMap((request) =>
    list(request[ofResource] ?? []).flatMap((resourceItem) => {
      const resource = attributesOf(fields(resourceItem.resource ?? {}).attributes);
      return list(resourceItem[ofScope] ?? []).flatMap((scopeItem) => {
        const scope = text(fields(scopeItem.scope ?? {}).name);
        return list(scopeItem[items] ?? []).map((item) => ({ resource, scope, item }));
      });
    }),
  );
}

const KINDS = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"];
const TEMPORALITIES = [undefined, "delta", "cumulative"] as const;

function pointsIn(request: Fields): OtlpPoint[] {
  return itemsIn([request], "resourceMetrics", "scopeMetrics", "metrics").flatMap(({ resource, scope, item }) => {
    const kind = KINDS.find((name) => item[name] !== undefined) ?? "none";
    const data = fields(item[kind] ?? {});
    return list(data.dataPoints ?? []).map((point) => ({
      resource,
      scope,
      attributes: attributesOf(point.attributes),
      name: text(item.name),
      unit: text(item.unit),
      description: text(item.description),
      kind,
      temporality: TEMPORALITIES[Number(data.aggregationTemporality ?? 0)],
      isMonotonic: kind === "sum" ? data.isMonotonic === true : undefined,
      startTime: nanos(point.startTimeUnixNano),
      time: nanos(point.timeUnixNano),
      value: number(point.asDouble ?? point.asInt),
      histogram: kind === "exponentialHistogram" ? histogramOf(point) : undefined,
    }));
  });
}

function histogramOf(point: Fields): OtlpHistogram {
  return {
    count: number(point.count) ?? 0,
    sum: number(point.sum),
    min: number(point.min),
    max: number(point.max),
    scale: number(point.scale) ?? 0,
    zeroCount: number(point.zeroCount) ?? 0,
    positive: bucketsOf(point.positive),
    negative: bucketsOf(point.negative),
  };
}

function bucketsOf(value: unknown): OtlpBuckets {
  const { offset, bucketCounts = [] } = fields(value ?? {});
  if (!Array.isArray(bucketCounts)) throw new Error("bucketCounts is no list");
  return { offset: number(offset) ?? 0, counts: bucketCounts.map(Number) };
}

function spanOf({ resource, scope, item }: Item): OtlpSpan {
  const { code, message } = fields(item.status ?? {});
  return {
    resource,
    scope,
    attributes: attributesOf(item.attributes),
    name: text(item.name),
    traceId: text(item.traceId),
    spanId: text(item.spanId),
    parentSpanId: text(item.parentSpanId),
    kind: number(item.kind) ?? 0,
    startTime: nanos(item.startTimeUnixNano),
    endTime: nanos(item.endTimeUnixNano),
    status: number(code) ?? 0,
    statusMessage: text(message),
    links: list(item.links ?? []).map((link) => ({
      traceId: text(link.traceId),
      spanId: text(link.spanId),
      attributes: attributesOf(link.attributes),
    })),
  };
}

function logRecordOf({ resource, scope, item }: Item): OtlpLogRecord {
  return {
    resource,
    scope,
    attributes: attributesOf(item.attributes),
    eventName: text(item.eventName),
    body: plainValue(fields(item.body ?? {})),
    severity: number(item.severityNumber) ?? 0,
    severityText: text(item.severityText),
    time: nanos(item.timeUnixNano),
    observedTime: nanos(item.observedTimeUnixNano),
    traceId: text(item.traceId),
    spanId: text(item.spanId),
  };
}

function attributesOf(value: unknown): Attributes {
  const pairs = list(value ?? []).map((pair): [string, AttributeValue] => [
    text(pair.key),
    plainValue(fields(pair.value ?? {})),
  ]);
  return Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function plainValue(value: Fields): AttributeValue {
  if (value.stringValue !== undefined) return text(value.stringValue);
  if (value.boolValue !== undefined) return value.boolValue === true;
  if (value.intValue !== undefined) return number(value.intValue);
  if (value.doubleValue !== undefined) return number(value.doubleValue);
  if (value.arrayValue !== undefined) return list(fields(value.arrayValue).values ?? []).map(plainValue);
  if (value.kvlistValue !== undefined) return attributesOf(fields(value.kvlistValue).values);
  return undefined;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** NaN and infinities are written as their names, whole numbers of 64 bits as text. */
function number(value: unknown): number | undefined {
  return typeof value === "number" || typeof value === "string" ? Number(value) : undefined;
}

function nanos(value: unknown): bigint {
  return typeof value === "string" || typeof value === "number" ? BigInt(value) : 0n;
}
