import type { RunOrder } from "../page-state.ts";
import type { RunEntry } from "./run-list.ts";

export const RUN_ORDER_LABELS: Readonly<Record<RunOrder, string>> = {
  newest: "Newest first",
  oldest: "Oldest first",
  id: "By id",
  accuracy: "Best accuracy",
  rounds: "Most rounds",
  clients: "Most clients",
};

/**
 * The runs that a text finds: each of its words must be in the id, the algorithm, the status, or the configuration as
 * `name=value`.
 */
export function searchRuns(runs: readonly RunEntry[], text: string): readonly RunEntry[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return runs;
  return runs.filter((run) => {
    const whole = textOf(run);
    return words.every((word) => whole.includes(word));
  });
}

const texts = new WeakMap<RunEntry, string>();

function textOf(run: RunEntry): string {
  let text = texts.get(run);
  if (text === undefined) {
    const config = [...run.config].map(([name, value]) => `${name}=${value}`);
    text = [run.runId, run.algorithm, run.status, ...config].join("\n").toLowerCase();
    texts.set(run, text);
  }
  return text;
}

/** Runs in an order; those that lack what it goes by come last. */
export function sortRuns(runs: readonly RunEntry[], order: RunOrder): RunEntry[] {
  if (order === "id") return runs.toSorted((a, b) => (a.runId < b.runId ? -1 : a.runId > b.runId ? 1 : 0));
  return runs.toSorted((a, b) => {
    const [of, than] = [keyOf(a, order), keyOf(b, order)];
    if (Number.isNaN(of) || Number.isNaN(than)) return Number(Number.isNaN(of)) - Number(Number.isNaN(than));
    return than - of;
  });
}

/** The greatest comes first. */
function keyOf(run: RunEntry, order: Exclude<RunOrder, "id">): number {
  switch (order) {
    case "newest":
      return startOf(run);
    case "oldest":
      return -startOf(run);
    default:
      return run[order] ?? Number.NaN;
  }
}

function startOf({ startedAt }: RunEntry): number {
  return startedAt === undefined ? Number.NaN : Date.parse(startedAt);
}
