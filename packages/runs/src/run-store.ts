import type { Dirent } from "node:fs";
import { access, readdir } from "node:fs/promises";
import { join } from "node:path";
import { checkRunId, HiveWatchError, isRunId, microsFromIso } from "@hivewatch/core";
import { type ArtifactPaths, areArtifactsBehind, writeArtifacts } from "./artifacts.ts";
import { createCommitBoard } from "./commit-board.ts";
import { type FoldStep, unitsOfLog } from "./fold-units.ts";
import { readBatches } from "./read-batches.ts";
import type { ReadOptions, ReadStep } from "./read-entries.ts";
import { readJsonl } from "./read-jsonl.ts";
import { readLog } from "./read-log.ts";
import { applyToListing, createListingState, type ListingState, type RunListing } from "./run-listing.ts";
import { openRunLog, type RunLog } from "./run-log.ts";

export interface RunStoreOptions {
  /** The folder of the runs. It is made when something is written. */
  dir: string;
  /** How often readers look for what another process has written. Default 1,000 ms. */
  pollIntervalMs?: number | undefined;
  /** Told of damage that was found and of files that can't be written. */
  onDiagnostic?: ((message: string) => void) | undefined;
}

/**
 * The runs in a folder: those whose log stands there (`<run_id>.log/`), and those that Python hivewatch wrote
 * (`<run_id>.jsonl` alone). Run ids are always looked up in the folder's listing, never joined into a path unseen.
 */
export interface RunStore {
  readonly dir: string;
  /** The runs, newest first. */
  list(): Promise<RunListing[]>;
  /** One entry of {@link list}; undefined if there is no such run. */
  listing(runId: string): Promise<RunListing | undefined>;
  /**
   * Opens a run's log for writing. One writer at a time.
   *
   * @throws HiveWatchError `invalid_run_id`, `corrupt_log`, `unavailable`
   */
  openLog(runId: string): Promise<RunLog>;
  /**
   * Reads a run's events, and goes on as they are written if asked to.
   *
   * @throws HiveWatchError `not_found`
   */
  read(runId: string, options?: ReadOptions): AsyncGenerator<ReadStep>;
  /**
   * Writes `<run_id>.jsonl` and `<run_id>.map.json` behind a log, for whoever has opened it, until the signal is aborted.
   * Without a signal, for anybody: up to what the log holds now.
   */
  writeArtifacts(runId: string, signal?: AbortSignal): Promise<void>;
  /** The runs whose log is newer than their files, as a crash leaves them. */
  behindArtifacts(): Promise<string[]>;
}

type RunKind = "log" | "jsonl";

/** Opens the store of runs in a folder. */
export function openRunStore(options: RunStoreOptions): RunStore {
  const { dir, pollIntervalMs = 1000, onDiagnostic } = options;
  const commits = createCommitBoard(pollIntervalMs);
  const listings = new Map<string, ListingState>();
  const refreshing = new Map<string, Promise<RunListing>>();

  async function find(): Promise<Map<string, RunKind>> {
    const runs = new Map<string, RunKind>();
    for (const entry of await entriesOf(dir)) {
      const [runId, kind] = runOf(entry);
      if (runId !== undefined && runs.get(runId) !== "log") runs.set(runId, kind);
    }
    return runs;
  }

  async function* read(runId: string, readOptions: ReadOptions = {}): AsyncGenerator<ReadStep> {
    const kind = (await find()).get(runId);
    if (kind === undefined) throw new HiveWatchError("not_found", `there is no run ${JSON.stringify(runId)} in ${dir}`);
    yield* readFound(runId, kind, readOptions);
  }

  function readFound(runId: string, kind: RunKind, readOptions: ReadOptions): AsyncGenerator<ReadStep> {
    const wait = commits.follow(runId);
    return kind === "log"
      ? readLog(logDir(dir, runId), runId, readOptions, wait)
      : readJsonl(join(dir, `${runId}.jsonl`), runId, readOptions, wait);
  }

  /** The units of a run's log, for its files. */
  function readUnits(runId: string, readOptions: ReadOptions): AsyncGenerator<FoldStep> {
    return unitsOfLog(runId, readBatches(logDir(dir, runId), runId, readOptions, commits.follow(runId)));
  }

  /** Brings a run's listing up to date by reading what is new; callers at the same time share the reading. */
  function refresh(runId: string, kind: RunKind): Promise<RunListing> {
    let reading = refreshing.get(runId);
    if (reading === undefined) {
      reading = readOn(runId, kind).finally(() => refreshing.delete(runId));
      refreshing.set(runId, reading);
    }
    return reading;
  }

  async function readOn(runId: string, kind: RunKind): Promise<RunListing> {
    const state = listings.get(runId) ?? createListingState(runId);
    listings.set(runId, state);
    for await (const { entries } of readFound(runId, kind, { from: state.listing.position })) {
      for (const entry of entries) applyToListing(state, entry);
    }
    return { ...state.listing, has_metadata: await hasMap(runId) };
  }

  async function list(): Promise<RunListing[]> {
    const runs: RunListing[] = [];
    const found = await find();
    for (const runId of listings.keys()) if (!found.has(runId)) listings.delete(runId);
    for (const [runId, kind] of found) {
      const run = await refresh(runId, kind).catch((error: unknown) => {
        onDiagnostic?.(`run ${runId} can't be read: ${String(error)}`);
        return undefined;
      });
      if (run !== undefined && run.num_events > 0) runs.push(run);
    }
    return runs.sort((a, b) => lastEventTime(b) - lastEventTime(a));
  }

  function hasMap(runId: string): Promise<boolean> {
    return access(artifactPaths(dir, runId).map).then(
      () => true,
      () => false,
    );
  }

  return {
    dir,
    read,
    list,
    async listing(runId) {
      const kind = (await find()).get(runId);
      return kind === undefined ? undefined : refresh(runId, kind);
    },
    async openLog(runId) {
      return openRunLog(logDir(dir, checkRunId(runId)), runId, {
        onCommit: () => commits.note(runId),
        onDiagnostic,
      });
    },
    async writeArtifacts(runId, signal) {
      // Before anything is moved or written: these would be the files of another program.
      if ((await find()).get(runId) !== "log")
        throw new HiveWatchError("not_found", `there is no log of run ${JSON.stringify(runId)} in ${dir}`);
      const isOwner = signal !== undefined;
      const units = (from: number) => readUnits(runId, { from, follow: isOwner, signal });
      await writeArtifacts(runId, artifactPaths(dir, checkRunId(runId)), units, { isOwner, onDiagnostic });
    },
    async behindArtifacts() {
      const behind: string[] = [];
      for (const [runId, kind] of await find()) {
        const isBehind = kind === "log" && (await areArtifactsBehind(artifactPaths(dir, runId), logDir(dir, runId)));
        if (isBehind) behind.push(runId);
      }
      return behind;
    },
  };
}

function logDir(dir: string, runId: string): string {
  return join(dir, `${runId}.log`);
}

function artifactPaths(dir: string, runId: string): ArtifactPaths {
  return {
    jsonl: join(dir, `${runId}.jsonl`),
    map: join(dir, `${runId}.map.json`),
    map2: { head: join(dir, `${runId}.map2.json`), frames: join(dir, `${runId}.map2`) },
    cursor: join(logDir(dir, runId), "artifacts.json"),
  };
}

async function entriesOf(dir: string): Promise<Dirent[]> {
  return readdir(dir, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new HiveWatchError("unavailable", `the runs folder ${dir} can't be read: ${error.message}`, { cause: error });
  });
}

/** Links are no runs: they would lead out of the folder. */
function runOf(entry: Dirent): [runId: string | undefined, kind: RunKind] {
  if (entry.isDirectory() && entry.name.endsWith(".log")) return [runIdOf(entry.name, ".log"), "log"];
  if (entry.isFile() && entry.name.endsWith(".jsonl")) return [runIdOf(entry.name, ".jsonl"), "jsonl"];
  return [undefined, "log"];
}

function runIdOf(name: string, suffix: string): string | undefined {
  const runId = name.slice(0, -suffix.length);
  return isRunId(runId) ? runId : undefined;
}

function lastEventTime(run: RunListing): number {
  return microsFromIso(run.last_event_at ?? "") || 0;
}
