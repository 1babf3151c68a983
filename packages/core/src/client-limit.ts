import type { ClientMetrics } from "./events.ts";

/**
 * Which clients of a run have series of their own at a destination that can't show one for each of very many: the first
 * ones. So a client that has one keeps it, and the same events give the same series again.
 */
export interface ClientLimit {
  /** Whether a client has one. It gets one if there is room. */
  admits(clientId: string): boolean;
  /** Whether a client was turned away: then rounds are to be told of by {@link clientSpread} too. */
  readonly isExceeded: boolean;
}

/** @param most - how many clients there is room for */
export function createClientLimit(most: number): ClientLimit {
  const admitted = new Set<string>();
  let isExceeded = false;
  return {
    admits(clientId) {
      if (admitted.has(clientId)) return true;
      if (admitted.size >= most) {
        isExceeded = true;
        return false;
      }
      admitted.add(clientId);
      return true;
    },
    get isExceeded() {
      return isExceeded;
    },
  };
}

/** How the values of one field are spread over the clients of a round; of the finite ones. */
export interface FieldSpread {
  readonly field: string;
  readonly min: number;
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
  readonly max: number;
}

/** More fields of one round are left out: they are the clients' to invent. */
const MAX_FIELDS = 64;

/**
 * How the numbers that clients reported are spread over them, field by field in order of first sight. Percentiles are
 * values that a client reported (nearest rank).
 */
export function clientSpread(clients: readonly ClientMetrics[]): FieldSpread[] {
  const values = new Map<string, number[]>();
  for (const client of clients) {
    for (const field in client) {
      const value = client[field];
      if (typeof value !== "number" || !Number.isFinite(value) || field === "round") continue;
      const known = values.get(field);
      if (known !== undefined) known.push(value);
      else if (values.size < MAX_FIELDS) values.set(field, [value]);
    }
  }
  return [...values].map(([field, list]) => spreadOf(field, Float64Array.from(list).sort()));
}

function spreadOf(field: string, sorted: Float64Array): FieldSpread {
  const at = (share: number): number => sorted[Math.max(Math.ceil(share * sorted.length) - 1, 0)] ?? Number.NaN;
  return { field, min: at(0), p10: at(0.1), p50: at(0.5), p90: at(0.9), max: at(1) };
}
