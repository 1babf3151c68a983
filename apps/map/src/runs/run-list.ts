import { numberFromJson, type RunStatus } from "@hivewatch/core";
import { type ReadonlySignal, signal } from "@preact/signals";
import { configValues } from "../runs/config-values.ts";

/** A run as the server lists it. */
export interface RunEntry {
  readonly runId: string;
  readonly algorithm: string;
  readonly status: RunStatus;
  readonly startedAt: string | undefined;
  readonly rounds: number | undefined;
  readonly clients: number | undefined;
  readonly accuracy: number | undefined;
  readonly demo: boolean;
  /** Its configuration, nested parts with dots, values as text. */
  readonly config: ReadonlyMap<string, string>;
  /** Behind the newest event, as in the ids of the run's stream. */
  readonly position: number;
}

/** The list of runs as it was last heard; undefined before the first answer. */
export interface RunList {
  readonly runs: ReadonlySignal<readonly RunEntry[] | undefined>;
  close(): void;
}

const POLL_MS = 3_000;

/** Asks for the runs now and then. While the server can't be reached the last list stays. */
export function pollRunList(): RunList {
  const runs = signal<readonly RunEntry[] | undefined>(undefined);
  let lastText = "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;

  async function poll(): Promise<void> {
    if (!document.hidden || runs.value === undefined) await refresh();
    if (!closed) timer = setTimeout(poll, POLL_MS);
  }

  async function refresh(): Promise<void> {
    try {
      const response = await fetch("runs", { cache: "no-store" });
      const text = await response.text();
      if (!response.ok || text === lastText) return;
      runs.value = readRunList(JSON.parse(text));
      lastText = text;
    } catch {
      // The stream's own state tells people that the server is away.
    }
  }

  void poll();
  return {
    runs,
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** Reads the answer of `/runs`; entries without an id are left out. */
export function readRunList(value: unknown): readonly RunEntry[] {
  return Array.isArray(value) ? value.map(readEntry).filter((entry) => entry !== undefined) : [];
}

function readEntry(value: unknown): RunEntry | undefined {
  if (!isRecord(value) || typeof value.run_id !== "string") return undefined;
  return {
    runId: value.run_id,
    algorithm: typeof value.algorithm === "string" ? value.algorithm : "unknown",
    status: readStatus(value.status),
    startedAt: readTime(value.started_at),
    rounds: numberFromJson(value.num_rounds),
    clients: numberFromJson(value.num_clients),
    accuracy: numberFromJson(value.global_accuracy),
    demo: isRecord(value.config) && value.config.demo === true,
    config: configValues(isRecord(value.config) ? value.config : {}),
    position: numberFromJson(value.position) ?? 0,
  };
}

/** A run of which the beginning was not told has an empty text. */
function readTime(value: unknown): string | undefined {
  return typeof value === "string" && !Number.isNaN(Date.parse(value)) ? value : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

const STATUSES: readonly RunStatus[] = ["running", "completed", "failed", "aborted", "lost"];

function readStatus(value: unknown): RunStatus {
  return STATUSES.find((status) => status === value) ?? "completed";
}

/** The run to open when the address names none: the newest that goes on, else the newest. */
export function defaultRun(runs: readonly RunEntry[]): RunEntry | undefined {
  return runs.find((run) => run.status === "running") ?? runs[0];
}
