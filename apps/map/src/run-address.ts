import { isRunId } from "@hivewatch/core";

/** What the query of an address says: which run, and how much of the page. */
export interface Address {
  readonly runId: string | undefined;
  /** The head of a saved run's map on a file server, from the page's own address on; undefined: our server has the run. */
  readonly map: string | undefined;
  /** The panel that is shown alone, in a frame of another page; undefined: the whole page. */
  readonly panel: Panel | undefined;
}

export const PANELS = [
  "map",
  "charts",
  "figures",
  "trouble",
  "clients",
  "participation",
  "distribution",
  "multiples",
  "events",
] as const;

export type Panel = (typeof PANELS)[number];

/**
 * A file below or beside the page. Nothing in it can make it another server's, be it a scheme, slashes at the beginning, or
 * what browsers strip from addresses.
 */
const MAP_FILE = /^[^\s\p{Cc}/\\:?#][^\p{Cc}\\:?#]*\.map2\.json$/u;

/**
 * Reads `?run_id=X&embed=1&panel=map`, or `?map=runs/X.map2.json`. What can't be a run's id or a file beside the page is
 * passed over, as if none had been given.
 */
export function readAddress(search: string): Address {
  const query = new URLSearchParams(search);
  const runId = query.get("run_id");
  const map = query.get("map") ?? "";
  const panel = PANELS.find((name) => name === query.get("panel")) ?? "map";
  return {
    runId: isRunId(runId) ? runId : undefined,
    map: MAP_FILE.test(map) ? map : undefined,
    panel: query.get("embed") === "1" ? panel : undefined,
  };
}

/** The round that a fragment names; undefined: none. */
export function roundIn(hash: string): number | undefined {
  const round = new URLSearchParams(hash.replace(/^#/, "")).get("round") ?? "";
  return /^\d{1,15}$/.test(round) ? Number(round) : undefined;
}
