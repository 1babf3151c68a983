import type { Tally } from "./run-data.ts";

/** The share of the run's rounds from which a client's result came, 0 to 1; undefined before any was read. */
export function roundShare({ rounds, completed }: Tally, client: number): number | undefined {
  return rounds === 0 ? undefined : (completed[client] ?? 0) / rounds;
}
