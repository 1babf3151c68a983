import type { Overview } from "../data/run-data.ts";

/** A run's overview from the head of its map alone, which is small. */
export interface OverviewSource {
  /** As it is now; `unchanged` since it was last asked for; undefined if the run has no map. */
  load(): Promise<Overview | "unchanged" | undefined>;
}

/** Loads overviews of a run, and what is needed for it only now: most readers compare nothing. */
export async function openOverview(runId: string): Promise<OverviewSource> {
  const [{ httpMapSource }, { overviewOfHead }] = await Promise.all([
    import("../engine/map-source.ts"),
    import("../engine/overview.ts"),
  ]);
  const path = `runs/${encodeURIComponent(runId)}/map2`;
  const source = httpMapSource(path, `${path}/frames`);
  return {
    async load() {
      const head = await source.head();
      return head === undefined || head === "unchanged" ? head : overviewOfHead(head);
    },
  };
}
