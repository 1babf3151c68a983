import { effect, type ReadonlySignal, signal } from "@preact/signals";
import type { Overview } from "../data/run-data.ts";
import { type OverviewSource, openOverview } from "./load-overview.ts";
import { lineOfRun, MAX_COMPARED, type RunLine } from "./run-lines.ts";

/** Another run that is laid over the charts. */
export interface ComparedRun {
  readonly runId: string;
  readonly line: RunLine;
  /** `missing`: it has no map. */
  readonly phase: "loading" | "here" | "missing" | "unreachable";
  readonly overview: Overview | undefined;
}

/**
 * The runs that are compared with the open one, of those that were chosen: each once, without itself, and no more than fit
 * on a chart.
 */
export function comparedIds(chosen: readonly string[], ownRunId: string): readonly string[] {
  return [...new Set(chosen)].filter((id) => id !== ownRunId).slice(0, MAX_COMPARED);
}

export interface ComparedRuns {
  readonly runs: ReadonlySignal<readonly ComparedRun[]>;
  close(): void;
}

/** Runs that go on are asked for again, runs that couldn't be had too. */
const POLL_MS = 5_000;

interface Loaded {
  readonly source: Promise<OverviewSource>;
  phase: ComparedRun["phase"];
  overview: Overview | undefined;
}

/**
 * Keeps the overviews of runs.
 *
 * @param wanted - their ids; the open run among them is passed over
 * @param open - how a run is got at
 */
export function createComparedRuns(
  wanted: ReadonlySignal<readonly string[]>,
  ownRunId: string,
  open: (runId: string) => Promise<OverviewSource> = openOverview,
): ComparedRuns {
  const loaded = new Map<string, Loaded>();
  const runs = signal<readonly ComparedRun[]>([]);
  let isClosed = false;

  const ids = (): readonly string[] => comparedIds(wanted.peek(), ownRunId);

  function publish(): void {
    if (isClosed) return;
    runs.value = ids().map((runId, place) => {
      const { phase = "loading", overview } = loaded.get(runId) ?? {};
      return { runId, line: lineOfRun(place), phase, overview };
    });
  }

  async function load(runId: string): Promise<void> {
    let run = loaded.get(runId);
    if (run === undefined) {
      run = { source: open(runId), phase: "loading", overview: undefined };
      loaded.set(runId, run);
    }
    try {
      const overview = await (await run.source).load();
      if (overview === "unchanged") return;
      run.overview = overview;
      run.phase = overview === undefined ? "missing" : "here";
    } catch {
      // What was known of it stays.
      run.phase = run.overview === undefined ? "unreachable" : "here";
    }
    publish();
  }

  const stop = effect(() => {
    const now = new Set(wanted.value);
    for (const id of loaded.keys()) if (!now.has(id)) loaded.delete(id);
    for (const id of ids()) if (!loaded.has(id)) void load(id);
    publish();
  });
  const timer = setInterval(() => {
    for (const [id, { phase, overview }] of loaded) {
      if (phase !== "loading" && (overview === undefined || overview.status === "running")) void load(id);
    }
  }, POLL_MS);

  return {
    runs,
    close() {
      isClosed = true;
      clearInterval(timer);
      stop();
    },
  };
}
