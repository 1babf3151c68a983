import { join } from "node:path";
import { checkRunId, HiveWatchError, microsFromIso } from "@hivewatch/core";
import { resetLongerArtifacts } from "./artifact-cursor.ts";
import { areArtifactsBehind, writeArtifacts } from "./artifacts.ts";
import { createCommitBoard } from "./commit-board.ts";
import { type Cursor, ensureCursors, isReaderBehind, moveBackCursors, openCursor, readersOf } from "./cursors.ts";
import { type Exported, type ExportOptions, exportRun } from "./export-run.ts";
import { type FoldStep, unitsOfLog } from "./fold-units.ts";
import type { FoundMap } from "./map-reader.ts";
import { readBatches } from "./read-batches.ts";
import type { LogEnd, ReadOptions, ReadStep } from "./read-entries.ts";
import { readJsonl } from "./read-jsonl.ts";
import { readLog } from "./read-log.ts";
import { artifactPaths, findRuns, jsonlPath, logDir, logEnd, type RunKind } from "./run-files.ts";
import type { RunListing } from "./run-listing.ts";
import { createRunListings } from "./run-listings.ts";
import { type Durability, openRunLog, type RunLog } from "./run-log.ts";
import { createNewsBoard, type NewsListener, type RunNews } from "./run-news.ts";
import { lineTexts, mapText, type RunSource, runSource, savedMap } from "./run-texts.ts";
import { createTemporaryMaps } from "./temporary-maps.ts";
import { waitFor } from "./wait-for.ts";

export interface RunStoreOptions {
  /** The folder of the runs. It is made when something is written. */
  dir: string;
  /** How often readers look for what another process has written. Default 1,000 ms. */
  pollIntervalMs?: number | undefined;
  /** What an acknowledged batch survives: see {@link Durability}. Default `commit`. */
  durability?: Durability | undefined;
  /**
   * Readers that shall have all of every run that is opened for writing: each has a cursor at its beginning before
   * anything is acknowledged. Default: none.
   */
  readers?: readonly string[] | undefined;
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
   *
   * @param onSaved - told how far they have come, at first as well
   */
  writeArtifacts(runId: string, signal?: AbortSignal, onSaved?: (position: number) => void): Promise<void>;
  /**
   * A run's map in schema 2 as it stands on disk: a head, and the very frames that it tells of, to be closed by whoever
   * asked. Its position is one of {@link read}. Undefined if there is none; of a run of which there are only JSON lines, such
   * as Python hivewatch writes, one is made and kept in temporary files for a while.
   *
   * @throws HiveWatchError `not_found`, `unavailable`
   */
  map(runId: string): Promise<FoundMap | undefined>;
  /**
   * A run in map schema 1, as far as it has come, in pieces.
   *
   * @throws HiveWatchError `not_found`
   */
  mapText(runId: string): AsyncGenerator<string>;
  /**
   * The lines of `<run_id>.jsonl`, as far as the run has come, some at a time.
   *
   * @throws HiveWatchError `not_found`
   */
  lineTexts(runId: string): AsyncGenerator<string>;
  /**
   * Makes a run's files anew, in other places or in the old ones.
   *
   * @param from - what to read: the log, or the JSON lines alone. Default: the log, if there is one
   * @throws HiveWatchError `not_found`, `usage`, `unavailable`
   */
  export(runId: string, options: ExportOptions & { from?: RunKind | undefined }): Promise<Exported>;
  /** The runs whose log is newer than their files, as a crash leaves them. */
  behindArtifacts(): Promise<string[]>;
  /**
   * How far a reader has come in a run.
   *
   * @param reader - its name, of the same characters as a run's id
   * @throws HiveWatchError `not_found`, `usage`
   */
  cursor(runId: string, reader: string): Promise<Cursor>;
  /** Which bytes a run's log ends with; undefined as long as it is open for writing. */
  logEnd(runId: string): Promise<string | undefined>;
  /**
   * Gives a reader a cursor at a run's beginning, unless it has one.
   *
   * @param reader - its name, of the same characters as a run's id
   * @throws HiveWatchError `not_found`, `usage`
   */
  addReader(runId: string, reader: string): Promise<void>;
  /**
   * The readers that have a cursor in a run.
   *
   * @throws HiveWatchError `not_found`
   */
  readers(runId: string): Promise<string[]>;
  /** The runs in which a reader has a cursor, and of which it has not read all. */
  behindReader(reader: string): Promise<string[]>;
  /**
   * Passes on news of the logs that are open for writing, beginning with those that are open now.
   *
   * @returns what ends it
   */
  subscribe(listener: NewsListener): () => void;
  /** Takes news of a log that another thread has open, so that readers here learn of it at once. */
  tell(news: RunNews): void;
}

/** How many runs are looked at together: one after the other would mostly wait for the disk. */
const LIST_LANES = 8;

/** Opens the store of runs in a folder. */
export function openRunStore(options: RunStoreOptions): RunStore {
  const { dir, pollIntervalMs = 1000, durability, readers = [], onDiagnostic = () => {} } = options;
  const commits = createCommitBoard(pollIntervalMs);
  const news = createNewsBoard();
  const temporaryMaps = createTemporaryMaps();
  const listings = createRunListings({ dir, isOpen: news.isOpen, waitForMore: commits.follow });

  async function kindOf(runId: string): Promise<RunKind> {
    const kind = (await findRuns(dir)).get(runId);
    if (kind === undefined) throw new HiveWatchError("not_found", `there is no run ${JSON.stringify(runId)} in ${dir}`);
    return kind;
  }

  async function* read(runId: string, readOptions: ReadOptions = {}): AsyncGenerator<ReadStep> {
    const kind = await kindOf(runId);
    const wait = commits.follow(runId);
    yield* kind === "log"
      ? readLog(logDir(dir, runId), runId, readOptions, wait)
      : readJsonl(jsonlPath(dir, runId), runId, readOptions, wait);
  }

  /** The units of a run's log. */
  function readUnits(runId: string, readOptions: ReadOptions): AsyncGenerator<FoldStep> {
    return unitsOfLog(runId, readBatches(logDir(dir, runId), runId, readOptions, commits.follow(runId)));
  }

  async function source(runId: string): Promise<RunSource> {
    return runSource(dir, runId, await kindOf(runId), commits.follow(runId));
  }

  async function list(): Promise<RunListing[]> {
    const runs: RunListing[] = [];
    const found = await findRuns(dir);
    listings.keepOnly(found);
    const rest = found.entries();
    async function lane(): Promise<void> {
      for (const [runId, kind] of rest) {
        const run = await listings.get(runId, kind).catch((error: unknown) => {
          onDiagnostic(`run ${runId} can't be read: ${String(error)}`);
          return undefined;
        });
        if (run !== undefined && run.num_events > 0) runs.push(run);
      }
    }
    await Promise.all(Array.from({ length: LIST_LANES }, lane));
    return runs.sort((a, b) => lastEventTime(b) - lastEventTime(a) || (a.run_id < b.run_id ? -1 : 1));
  }

  async function logsThat(matches: (runId: string) => Promise<boolean>): Promise<string[]> {
    const runIds: string[] = [];
    for (const [runId, kind] of await findRuns(dir)) if (kind === "log" && (await matches(runId))) runIds.push(runId);
    return runIds;
  }

  function tell(told: RunNews, segment?: LogEnd["segment"]): void {
    const { runId, position, isOpen } = told;
    if (!isOpen) commits.forget(runId);
    else if (position !== undefined) commits.note(runId, position, segment);
    news.tell(told);
  }

  return {
    dir,
    read,
    list,
    tell: (told) => tell(told),
    subscribe: news.subscribe,
    async listing(runId) {
      const kind = (await findRuns(dir)).get(runId);
      return kind === undefined ? undefined : listings.get(runId, kind);
    },
    async openLog(runId) {
      const folder = logDir(dir, checkRunId(runId));
      const onRecovered = async (position: number): Promise<void> => {
        await resetLongerArtifacts(runId, artifactPaths(dir, runId), position, onDiagnostic);
        await moveBackCursors(folder, position);
        await ensureCursors(folder, readers);
      };
      return openRunLog(folder, runId, {
        durability,
        onRecovered,
        onCommit: ({ position, segment }) => tell({ runId, position, isOpen: true }, segment),
        onClose: (position) => tell({ runId, position, isOpen: false }),
        onDiagnostic,
      });
    },
    async writeArtifacts(runId, signal, onSaved) {
      // The files of a run without a log are another program's.
      if ((await kindOf(runId)) !== "log") throw new HiveWatchError("not_found", `run ${runId} in ${dir} has no log`);
      const isOwner = signal !== undefined;
      const units = (from: number) => rested(readUnits(runId, { from, follow: isOwner, signal }), signal);
      await writeArtifacts(runId, artifactPaths(dir, runId), units, { isOwner, onSaved, onDiagnostic });
    },
    async map(runId) {
      const run = await source(runId);
      return (await savedMap(run)) ?? (run.kind === "jsonl" ? temporaryMaps.get(run) : undefined);
    },
    async *mapText(runId) {
      yield* mapText(await source(runId));
    },
    async *lineTexts(runId) {
      yield* lineTexts(await source(runId));
    },
    async export(runId, { from, ...exportOptions }) {
      const kind = from ?? (await kindOf(runId));
      const isThere = (await findRuns(dir, kind)).has(runId);
      if (!isThere)
        throw new HiveWatchError("not_found", `run ${runId} in ${dir} has no ${kind === "log" ? "log" : "JSON lines"}`);
      return exportRun(runSource(dir, runId, kind, commits.follow(runId)), exportOptions);
    },
    behindArtifacts: () => logsThat((runId) => areArtifactsBehind(artifactPaths(dir, runId))),
    async cursor(runId, reader) {
      const kind = await kindOf(runId);
      // Beside the lines of another program there is no folder of ours, and one named as a log would be taken for a log.
      return openCursor(kind === "log" ? logDir(dir, runId) : join(dir, ".cursors", runId), reader);
    },
    async addReader(runId, reader) {
      await kindOf(runId);
      await ensureCursors(logDir(dir, runId), [reader]);
    },
    async readers(runId) {
      await kindOf(runId);
      return readersOf(logDir(dir, runId));
    },
    async logEnd(runId) {
      await kindOf(runId);
      const end = await logEnd(logDir(dir, runId));
      return news.isOpen(runId) ? undefined : end;
    },
    behindReader: (reader) => logsThat((runId) => isReaderBehind(logDir(dir, runId), reader)),
  };
}

function lastEventTime(run: RunListing): number {
  return microsFromIso(run.last_event_at ?? "") || 0;
}

/** Who writes files has time: for so long more may come to a log that was read to its end. */
const REST_MS = 500;

/**
 * Steps of which none follows at once on one at the end: what comes in a burst goes to the log before it goes to files, and
 * many small batches are read together.
 */
async function* rested(steps: AsyncIterable<FoldStep>, signal: AbortSignal | undefined): AsyncGenerator<FoldStep> {
  for await (const step of steps) {
    yield step;
    if (step.atEnd && signal !== undefined) await waitFor(REST_MS, signal);
  }
}
