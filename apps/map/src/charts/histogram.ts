import type { Clients, RoundTable } from "../data/run-data.ts";
import { numbersOf } from "../data/table-fields.ts";

/** How many clients of a round have which value. */
export interface Histogram {
  /** Where each bin begins, and where the last one ends; of one value alone both are the value. Empty without finite ones. */
  readonly edges: readonly number[];
  /** Clients in each bin: from its beginning, below its end; the last one has its end too. */
  readonly counts: Uint32Array;
  /** Those of them that the filter lets through. */
  readonly matching: Uint32Array;
  /** Clients without a finite value. */
  readonly apart: readonly ApartBar[];
  /** Finite values. */
  readonly count: number;
}

/** A bar beside the scale. */
export interface ApartBar {
  readonly label: "NaN" | "−∞" | "∞" | "missing";
  readonly count: number;
  readonly matching: number;
}

const MOST_BINS = 40;

const NONE = new Float64Array(0);

/**
 * Counts a field's values, exactly.
 *
 * @param clients - all clients of the run: those without a value are missing
 * @param matches - which clients the filter lets through: 1, by index; undefined: all
 */
export function histogram(
  table: RoundTable,
  field: string,
  clients: Clients,
  matches: Uint8Array | undefined,
): Histogram {
  const { numbers = NONE, present } = numbersOf(table, field) ?? {};
  const isMatch = (row: number): number => (matches === undefined ? 1 : (matches[table.clients[row] ?? -1] ?? 0));
  const apart = { NaN: [0, 0], low: [0, 0], high: [0, 0] };
  const add = (bar: number[], match: number): void => {
    bar[0] = (bar[0] ?? 0) + 1;
    bar[1] = (bar[1] ?? 0) + match;
  };
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  let whole = true;
  let count = 0;
  let reported = 0;
  let reportedMatching = 0;
  const rows = Math.min(table.rows, numbers.length);
  for (let row = 0; row < rows; row++) {
    const value = numbers[row] ?? 0;
    if (present !== undefined && present[row] === 0) continue;
    const match = isMatch(row);
    reported++;
    reportedMatching += match;
    if (Number.isFinite(value)) {
      count++;
      if (value < least) least = value;
      if (value > most) most = value;
      whole &&= Number.isInteger(value);
    } else add(Number.isNaN(value) ? apart.NaN : value < 0 ? apart.low : apart.high, match);
  }

  const edges = count === 0 ? [] : binEdges(least, most, whole, count);
  const counts = new Uint32Array(Math.max(0, edges.length - 1));
  const matching = new Uint32Array(counts.length);
  const step = (edges[1] ?? 1) - (edges[0] ?? 0);
  for (let row = 0; count > 0 && row < rows; row++) {
    const value = numbers[row] ?? 0;
    if ((present !== undefined && present[row] === 0) || !Number.isFinite(value)) continue;
    const bin = binOf(edges, step, value);
    counts[bin] = (counts[bin] ?? 0) + 1;
    matching[bin] = (matching[bin] ?? 0) + isMatch(row);
  }

  const all = clients.ids.length;
  const allMatching = matches === undefined ? all : matches.reduce((sum, match) => sum + match, 0);
  const bars: ApartBar[] = [
    bar("NaN", apart.NaN),
    bar("−∞", apart.low),
    bar("∞", apart.high),
    { label: "missing", count: Math.max(0, all - reported), matching: Math.max(0, allMatching - reportedMatching) },
  ];
  return { edges, counts, matching, count, apart: bars.filter((each) => each.count > 0) };
}

function bar(label: ApartBar["label"], [count = 0, matching = 0]: readonly number[]): ApartBar {
  return { label, count, matching };
}

/** Rounding may put a value beside its bin. */
function binOf(edges: readonly number[], step: number, value: number): number {
  const last = edges.length - 2;
  let bin = Math.max(0, Math.min(last, Math.floor((value - (edges[0] ?? 0)) / step) || 0));
  while (bin > 0 && value < (edges[bin] ?? 0)) bin--;
  while (bin < last && value >= (edges[bin + 1] ?? 0)) bin++;
  return bin;
}

/** Edges at round numbers: as many bins as there are values to fill them. Few whole numbers have a bin each. */
function binEdges(least: number, most: number, whole: boolean, count: number): number[] {
  if (whole && most - least < MOST_BINS && least + 0.5 !== least && most + 0.5 !== most) {
    return Array.from({ length: most - least + 2 }, (_, i) => least - 0.5 + i);
  }
  if (most === least) return [least, most];
  // The difference of the largest numbers is beyond the largest.
  const span = most / 2 - least / 2;
  const wanted = Math.max(5, Math.min(MOST_BINS * 0.75, Math.ceil(2 * Math.cbrt(count))));
  const step = roundStep((span / wanted) * 2, whole);
  if (!(step > 0) || !Number.isFinite(step) || least + step === least) return [least, most];
  const first = Math.floor(least / step);
  const bins = Math.max(1, Math.ceil(most / step - 1e-9) - first);
  const edge = (i: number): number => Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, (first + i) * step));
  return Array.from({ length: bins + 1 }, (_, i) => edge(i));
}

function roundStep(step: number, whole: boolean): number {
  const size = 10 ** Math.floor(Math.log10(step));
  const rounded = [1, 2, 2.5, 5, 10].map((times) => times * size).find((each) => each >= step * 0.999) ?? step;
  return whole ? Math.max(1, Math.round(rounded)) : rounded;
}
