import { isRunId } from "@hivewatch/core";

/** What a link to the page says. */
export interface UrlState {
  readonly runId: string | undefined;
  /** The round to show; without one the newest. */
  readonly round: number | undefined;
  readonly clientId: string | undefined;
}

/** Reads `?run_id=X#round=3&client=Y`. What can't be a run's id is passed over, as if none had been given. */
export function readUrl({ search, hash }: { search: string; hash: string }): UrlState {
  const query = new URLSearchParams(search);
  const fragment = new URLSearchParams(hash.replace(/^#/, ""));
  const runId = query.get("run_id");
  const round = fragment.get("round") ?? "";
  return {
    runId: isRunId(runId) ? runId : undefined,
    round: /^\d{1,15}$/.test(round) ? Number(round) : undefined,
    clientId: fragment.get("client") || undefined,
  };
}

/**
 * The address of a state, relative to the page. Parameters that are not ours are kept.
 *
 * @param search - the query string as it is now
 */
export function writeUrl(search: string, state: UrlState): string {
  const query = new URLSearchParams(search);
  if (state.runId === undefined) query.delete("run_id");
  else query.set("run_id", state.runId);
  const fragment = new URLSearchParams();
  if (state.round !== undefined) fragment.set("round", String(state.round));
  if (state.clientId !== undefined) fragment.set("client", state.clientId);
  return `?${query}${fragment.size > 0 ? `#${fragment}` : ""}`;
}
