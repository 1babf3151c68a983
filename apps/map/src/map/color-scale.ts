import { quantile } from "../data/quantile.ts";
import type { ClientValues } from "./client-values.ts";
import { SCALE_STEPS } from "./viridis.ts";

/** How a field becomes colour. A few extreme values must not take all colours from the others. */
export interface ColorScale {
  readonly field: string;
  /** What the ends of the scale stand for: the 2nd and the 98th percentile. NaN: there is no finite value. */
  readonly low: number;
  readonly high: number;
  /** How many values lie beyond the ends, and have their colours. */
  readonly below: number;
  readonly above: number;
  /** How many clients reported none. */
  readonly missing: number;
  /** How many values are NaN or infinite. */
  readonly nonFinite: number;
}

/** What a client's colour code means: up to here a status, then a step of the scale, then one of these. */
export const FIRST_STEP = 16;
export const NO_VALUE = FIRST_STEP + SCALE_STEPS;
export const NON_FINITE = NO_VALUE + 1;
/** Is added for clients that the filter holds back. */
export const DIMMED = 128;

const [LOW, HIGH] = [0.02, 0.98];
/** The percentiles of more values are taken from a part of them. */
const MAX_SORTED = 50_000;

/** The scale of a field, and the colour code of each client. */
export function scaleOf(field: string, { values, present }: ClientValues): { scale: ColorScale; codes: Uint8Array } {
  const sorted = sample(values, present);
  const low = quantile(sorted, LOW) ?? Number.NaN;
  const high = quantile(sorted, HIGH) ?? Number.NaN;
  const codes = new Uint8Array(values.length);
  const counts = { below: 0, above: 0, missing: 0, nonFinite: 0 };
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (present[i] !== 1) {
      counts.missing++;
      codes[i] = NO_VALUE;
    } else if (!Number.isFinite(value)) {
      counts.nonFinite++;
      codes[i] = NON_FINITE;
    } else {
      if (value < low) counts.below++;
      if (value > high) counts.above++;
      codes[i] = FIRST_STEP + stepOf(value, low, high);
    }
  }
  return { scale: { field, low, high, ...counts }, codes };
}

/** The step of a value, from 0. */
function stepOf(value: number, low: number, high: number): number {
  if (!(high > low)) return Math.floor(SCALE_STEPS / 2);
  const share = (value - low) / (high - low);
  return Math.round(Math.min(1, Math.max(0, share)) * (SCALE_STEPS - 1));
}

function sample(values: Float64Array, present: Uint8Array): Float64Array {
  const stride = Math.ceil(values.length / MAX_SORTED);
  const found: number[] = [];
  for (let i = 0; i < values.length; i += stride) {
    const value = values[i] ?? Number.NaN;
    if (present[i] === 1 && Number.isFinite(value)) found.push(value);
  }
  return Float64Array.from(found).sort();
}
