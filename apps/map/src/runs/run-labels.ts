import type { RunEntry } from "./run-list.ts";

/** What a run is known by beside its id: parts of its configuration. */
export interface RunLabel {
  readonly name: string;
  readonly value: string;
}

const MOST = 4;

/**
 * What tells each run from the others: the values of those configuration entries that are not the same in all runs. Those
 * with fewest different values come first, since they make groups; entries that no two runs share say nothing more than
 * the id.
 */
export function runLabels(runs: readonly RunEntry[]): ReadonlyMap<RunEntry, readonly RunLabel[]> {
  const valuesOf = new Map<string, Map<string, number>>();
  for (const { config } of runs) {
    for (const [name, value] of config) {
      const values = valuesOf.get(name) ?? new Map<string, number>();
      valuesOf.set(name, values.set(value, (values.get(value) ?? 0) + 1));
    }
  }
  const telling = [...valuesOf]
    .filter(([, values]) => differs(values, runs.length))
    .sort(([a, of], [b, than]) => of.size - than.size || (a < b ? -1 : 1))
    .map(([name]) => name);
  return new Map(
    runs.map((run) => [
      run,
      telling
        .flatMap((name) => {
          const value = run.config.get(name);
          return value === undefined ? [] : [{ name, value }];
        })
        .slice(0, MOST),
    ]),
  );
}

function differs(values: ReadonlyMap<string, number>, runs: number): boolean {
  const shared = [...values.values()].reduce((sum, count) => sum + count, 0);
  return values.size > 1 || shared < runs;
}
