import { QUANTILES } from "../data/run-data.ts";
import { NUMBER, type RoundColumns } from "./round-columns.ts";

/** How a field is spread over a round's clients. */
export interface FieldDigest {
  readonly count: number;
  readonly nonFinite: number;
  readonly mean: number;
  /** {@link QUANTILES} of them; NaN if there is no finite value. */
  readonly quantiles: Float64Array;
}

/** Says who and where, not how it went. */
const NOT_METRICS: ReadonlySet<string> = new Set(["round", "lat", "lng", "base_round"]);

/** Digests every numeric field of a round. */
export function digestRound(table: RoundColumns): Map<string, FieldDigest> {
  const digests = new Map<string, FieldDigest>();
  for (const [name, { kinds, numbers }] of table.columns) {
    if (numbers === undefined) continue;
    if (name === "base_round")
      addDigest(
        digests,
        "staleness",
        table,
        kinds,
        numbers.map((base) => table.round - base),
      );
    if (!NOT_METRICS.has(name) && !name.startsWith("_")) addDigest(digests, name, table, kinds, numbers);
  }
  return digests;
}

function addDigest(
  digests: Map<string, FieldDigest>,
  name: string,
  { rows }: RoundColumns,
  kinds: Uint8Array,
  numbers: Float64Array,
): void {
  const finite = new Float64Array(rows);
  let count = 0;
  let nonFinite = 0;
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    if (kinds[row] !== NUMBER) continue;
    const value = numbers[row] ?? 0;
    if (Number.isFinite(value)) {
      finite[count++] = value;
      sum += value;
    } else nonFinite++;
  }
  if (count + nonFinite === 0) return;
  const sorted = finite.subarray(0, count).sort();
  digests.set(name, { count, nonFinite, mean: sum / count, quantiles: quantilesOf(sorted) });
}

function quantilesOf(sorted: Float64Array): Float64Array {
  const quantiles = new Float64Array(QUANTILES).fill(Number.NaN);
  if (sorted.length === 0) return quantiles;
  for (let q = 0; q < QUANTILES; q++) {
    const position = ((sorted.length - 1) * q) / (QUANTILES - 1);
    const below = sorted[Math.floor(position)] ?? 0;
    const above = sorted[Math.ceil(position)] ?? 0;
    quantiles[q] = below + (above - below) * (position - Math.floor(position));
  }
  return quantiles;
}
