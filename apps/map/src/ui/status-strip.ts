/** Rounds beside each other in which a client stood the same. */
export interface StatusRun {
  /** Index of the first round. */
  readonly start: number;
  /** Behind the last. */
  readonly end: number;
  /** Index in `CLIENT_STATUSES`. */
  readonly status: number;
}

/**
 * How a client stood over the rounds, in pieces. Of so many rounds that they share a place the gravest is shown.
 *
 * @param status - by round, index in `CLIENT_STATUSES`: the gravest is 0
 * @param places - how many pieces can be told apart, at most
 */
export function statusRuns(status: Uint8Array, places: number): StatusRun[] {
  const step = Math.max(1, Math.ceil(status.length / places));
  const runs: StatusRun[] = [];
  for (let start = 0; start < status.length; start += step) {
    const end = Math.min(status.length, start + step);
    const gravest = Math.min(...status.subarray(start, end));
    const last = runs.at(-1);
    if (step > 1 && last?.status === gravest) runs[runs.length - 1] = { ...last, end };
    else runs.push({ start, end, status: gravest });
  }
  return runs;
}
