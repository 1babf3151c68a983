import type { RunStatus } from "@hivewatch/core";
import type { Connection } from "../data/run-data.ts";
import { formatAge } from "../format.ts";

/** How the page stands to its run, in one word for programs and one phrase for people. */
export interface ConnectionState {
  readonly state: "loading" | "waiting" | "reconnecting" | "saved" | "finished" | "live" | "silent";
  readonly label: string;
}

/** A running run that says nothing for this long is called silent. */
const SILENT_AFTER_MS = 30_000;

/** @param ageMs - how old the newest event is, if there is one */
export function connectionState(
  phase: Connection["phase"],
  status: RunStatus,
  ageMs: number | undefined,
): ConnectionState {
  if (phase === "loading") return { state: "loading", label: "loading…" };
  if (phase === "not_found") return { state: "waiting", label: "waiting for the run" };
  if (phase === "reconnecting") return { state: "reconnecting", label: "reconnecting…" };
  if (phase === "saved") return { state: "saved", label: "saved file" };
  if (phase === "over" || status !== "running") return { state: "finished", label: "finished" };
  if (ageMs === undefined || ageMs < SILENT_AFTER_MS) return { state: "live", label: "live" };
  return { state: "silent", label: `run silent for ${formatAge(ageMs)}` };
}
