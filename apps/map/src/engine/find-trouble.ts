import { quantile } from "../data/quantile.ts";
import type { Finding, FindingFact, FindingKind } from "../data/run-data.ts";
import { CLIENT_STATUSES, STATUS_CODES } from "../data/statuses.ts";
import type { FieldDigest } from "./digest-round.ts";
import { NUMBER, type RoundColumns } from "./round-columns.ts";

/** What needs attention in one round. */
export interface RoundFindings {
  readonly list: readonly Finding[];
  readonly counts: ReadonlyMap<FindingKind, number>;
  /** What is usual in it, by which any client can be judged. */
  readonly usual: Usual;
}

interface Spread {
  readonly middle: number;
  readonly sigma: number;
}

/** What is usual in a round. */
export interface Usual {
  /** The median of the training times, in seconds; undefined: too few are known. */
  readonly trainTime: number | undefined;
  /** Of each field that outliers are looked for in: the median, and the robust standard deviation. */
  readonly spreads: ReadonlyMap<string, Spread>;
}

/** So many findings of each kind are kept of a round; the gravest. */
const MAX_OF_KIND = 50;

/** A client is an outlier when it is this many robust standard deviations from the round's median. */
const OUTLIER_SCORE = 5;

/** Below this many values nobody can be told to be an outlier. */
const MIN_VALUES = 8;

/** The fields that outliers are looked for in. Training time is not: who is slow is a straggler. */
const OUTLIER_FIELDS = ["local_loss", "local_accuracy", "gradient_norm", "gradient_magnitude"];

/** The scale of the median absolute deviation that makes it a standard deviation, if values are normally distributed. */
const MAD_TO_SIGMA = 1.4826;

const OF_STATUS: Readonly<Partial<Record<(typeof CLIENT_STATUSES)[number], FindingKind>>> = {
  failed: "failure",
  dropped: "dropout",
  non_finite: "non_finite",
  missing: "missing",
  straggler: "straggler",
};

/**
 * Looks through a round that was judged.
 *
 * @param median - of the training times, in seconds
 */
export function findTrouble(
  table: RoundColumns,
  status: Uint8Array,
  digests: ReadonlyMap<string, FieldDigest>,
  median: number | undefined,
): RoundFindings {
  const found = new Map<FindingKind, Finding[]>();
  const counts = new Map<FindingKind, number>();
  const add = (finding: Finding): void => {
    counts.set(finding.kind, (counts.get(finding.kind) ?? 0) + 1);
    const list = found.get(finding.kind);
    if (list === undefined) found.set(finding.kind, [finding]);
    else list.push(finding);
  };
  for (let row = 0; row < table.rows; row++) {
    const kind = OF_STATUS[CLIENT_STATUSES[status[row] ?? -1] ?? "idle"];
    if (kind !== undefined) add(statusFinding(table, row, kind, median));
  }
  const usual: Usual = { trainTime: median, spreads: spreadsOf(table, digests) };
  for (const field of usual.spreads.keys()) {
    for (let row = 0; row < table.rows; row++) {
      const outlier = outlierAt(table, status, row, field, usual);
      if (outlier !== undefined) add(outlier);
    }
  }
  const list = Array.from(found.values(), (own) =>
    own.sort((a, b) => (b.score ?? 0) - (a.score ?? 0)).slice(0, MAX_OF_KIND),
  ).flat();
  return { list, counts, usual };
}

/** All that needs attention of one row: of the whole round only the gravest are kept. */
export function troubleAt(table: RoundColumns, status: Uint8Array, row: number, usual: Usual): Finding[] {
  const kind = OF_STATUS[CLIENT_STATUSES[status[row] ?? -1] ?? "idle"];
  const outliers = [...usual.spreads.keys()].map((field) => outlierAt(table, status, row, field, usual));
  return [
    ...(kind === undefined ? [] : [statusFinding(table, row, kind, usual.trainTime)]),
    ...outliers.filter((finding) => finding !== undefined),
  ];
}

function statusFinding(table: RoundColumns, row: number, kind: FindingKind, median: number | undefined): Finding {
  return { ...explain(table, row, kind, median), kind, round: table.round, client: clientAt(table, row) };
}

function clientAt(table: RoundColumns, row: number): number {
  return table.clients[row] ?? 0;
}

function explain(
  table: RoundColumns,
  row: number,
  kind: FindingKind,
  median: number | undefined,
): Pick<Finding, "detail" | "facts" | "score"> {
  switch (kind) {
    case "non_finite":
      return { detail: "", facts: nonFiniteFields(table, row), score: undefined };
    case "straggler": {
      const time = table.columns.get("train_time_sec")?.numbers?.[row] ?? 0;
      const facts = [{ field: "train_time_sec", value: time, usual: median }];
      return { detail: "", facts, score: time / (median ?? 1) };
    }
    case "missing":
      return { detail: table.asked[row] === 1 ? "was asked, and sent no result" : "sent no result", score: undefined };
    default:
      return { detail: "", score: undefined };
  }
}

function nonFiniteFields({ columns }: RoundColumns, row: number): FindingFact[] {
  const facts: FindingFact[] = [];
  for (const [field, { kinds, numbers }] of columns) {
    const value = numbers?.[row];
    if (kinds[row] === NUMBER && value !== undefined && !Number.isFinite(value)) {
      facts.push({ field, value, usual: undefined });
    }
  }
  return facts;
}

function spreadsOf(table: RoundColumns, digests: ReadonlyMap<string, FieldDigest>): Map<string, Spread> {
  const spreads = new Map<string, Spread>();
  for (const field of OUTLIER_FIELDS) {
    const cells = table.columns.get(field);
    const digest = digests.get(field);
    if (cells?.numbers === undefined || digest === undefined || digest.count < MIN_VALUES) continue;
    const middle = digest.quantiles[10] ?? Number.NaN;
    const sigma = deviation(table, cells.kinds, cells.numbers, middle) * MAD_TO_SIGMA;
    if (sigma > 0) spreads.set(field, { middle, sigma });
  }
  return spreads;
}

function outlierAt(
  table: RoundColumns,
  status: Uint8Array,
  row: number,
  field: string,
  { spreads }: Usual,
): Finding | undefined {
  const cells = table.columns.get(field);
  const spread = spreads.get(field);
  if (cells?.numbers === undefined || spread === undefined) return undefined;
  if (cells.kinds[row] !== NUMBER || status[row] === STATUS_CODES.non_finite) return undefined;
  const value = cells.numbers[row] ?? 0;
  const { middle, sigma } = spread;
  const score = Math.abs(value - middle) / sigma;
  if (!(score > OUTLIER_SCORE)) return undefined;
  const facts = [{ field, value, usual: middle }];
  return { kind: "outlier", round: table.round, client: clientAt(table, row), detail: "", facts, score };
}

/** The median distance from the middle. */
function deviation({ rows }: RoundColumns, kinds: Uint8Array, numbers: Float64Array, middle: number): number {
  const distances = new Float64Array(rows);
  let known = 0;
  for (let row = 0; row < rows; row++) {
    const value = numbers[row] ?? Number.NaN;
    if (kinds[row] === NUMBER && Number.isFinite(value)) distances[known++] = Math.abs(value - middle);
  }
  return quantile(distances.subarray(0, known).sort(), 0.5) ?? Number.NaN;
}
