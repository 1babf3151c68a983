import type { InitEvent } from "@hivewatch/core";

/** What the program of a run is told for people to read, with an answer of the bridge. */
export interface Notice {
  readonly level: "info" | "warning";
  /** What happens or doesn't, and what to do. */
  readonly text: string;
}

/**
 * Asked with each answer for what the program of the run should know. Must not reject: the events are stored already.
 *
 * @param init - the beginning of the run if that is what is answered, stored now or before; so it may come again
 */
export type RunNotices = (runId: string, init: InitEvent | undefined) => readonly Notice[] | Promise<readonly Notice[]>;
