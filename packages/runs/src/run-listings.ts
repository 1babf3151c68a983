import { access, mkdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { parseLenientJson, stringifyEvent } from "@hivewatch/core";
import { replaceFile } from "./atomic-file.ts";
import { readBatches } from "./read-batches.ts";
import type { WaitForMore } from "./read-entries.ts";
import { readJsonl } from "./read-jsonl.ts";
import { artifactPaths, jsonlPath, logDir, type RunKind } from "./run-files.ts";
import {
  applyBatchToListing,
  applyToListing,
  createListingState,
  type ListingState,
  type RunListing,
} from "./run-listing.ts";
import { listSegments } from "./segments.ts";

/** Listings of the runs in a folder, kept up to date by reading what is new. */
export interface RunListings {
  /** Callers at the same time share the reading. */
  get(runId: string, kind: RunKind): Promise<RunListing>;
  /** Forgets the runs that are not there any more. */
  keepOnly(runIds: ReadonlyMap<string, RunKind>): void;
}

export interface RunListingsOptions {
  dir: string;
  /** Whether a run is open for writing. */
  isOpen(runId: string): boolean;
  waitForMore(runId: string): WaitForMore;
}

/** A listing, and what it was made from. */
interface Known {
  readonly kind: RunKind;
  readonly listing: RunListing;
  /** Of the file that was read last; empty if it was being written. */
  readonly stamp: string;
  /** To go on from; undefined once it was saved. */
  readonly state: ListingState | undefined;
}

/** A run that says no more for so long is taken for closed, whoever wrote it. */
const QUIET_MS = 60_000;

/** Smaller files of lines are read again as quickly as their listing. */
const LARGE_BYTES = 1024 * 1024;

export function createRunListings({ dir, isOpen, waitForMore }: RunListingsOptions): RunListings {
  const known = new Map<string, Known>();
  const refreshing = new Map<string, Promise<RunListing>>();

  async function refresh(runId: string, kind: RunKind): Promise<RunListing> {
    const file = await newestFile(dir, runId, kind);
    // Of one that is being written not all that is in the file may be read yet.
    const stamp = file === undefined || isOpen(runId) ? "" : `${basename(file.path)} ${file.bytes} ${file.time}`;
    const before = known.get(runId);
    const unchanged = stamp !== "" && before?.kind === kind && before.stamp === stamp ? before : undefined;
    const found = unchanged ?? (await load(runId, kind, stamp)) ?? (await read(runId, kind, stamp, before));
    known.set(runId, found);
    if (file !== undefined && isWorthSaving(found, file)) {
      if (await save(runId, found)) known.set(runId, { ...found, state: undefined });
    }
    return { ...found.listing, has_metadata: await exists(artifactPaths(dir, runId).map) };
  }

  async function read(runId: string, kind: RunKind, stamp: string, before: Known | undefined): Promise<Known> {
    const state = (before?.kind === kind ? before.state : undefined) ?? createListingState(runId);
    const from = state.listing.position;
    if (kind === "log") {
      for await (const { batches } of readBatches(logDir(dir, runId), runId, { from }, waitForMore(runId))) {
        for (const stored of batches) applyBatchToListing(state, stored);
      }
    } else {
      for await (const { entries } of readJsonl(jsonlPath(dir, runId), runId, { from }, waitForMore(runId))) {
        for (const entry of entries) applyToListing(state, entry);
      }
    }
    return { kind, listing: { ...state.listing }, stamp, state };
  }

  async function load(runId: string, kind: RunKind, stamp: string): Promise<Known | undefined> {
    if (known.has(runId) || stamp === "") return undefined;
    const listing = await readSaved(savedPath(dir, runId, kind), stamp);
    return listing && { kind, listing: { ...listing, run_id: runId }, stamp, state: undefined };
  }

  /** @returns whether it could be saved, which is a convenience and no more */
  async function save(runId: string, { kind, stamp, listing }: Known): Promise<boolean> {
    const path = savedPath(dir, runId, kind);
    try {
      await mkdir(dirname(path), { recursive: true });
      await replaceFile(path, `${stringifyEvent({ version: SAVED_VERSION, stamp, listing })}\n`);
      return true;
    } catch {
      return false;
    }
  }

  return {
    get(runId, kind) {
      let reading = refreshing.get(runId);
      if (reading === undefined) {
        reading = refresh(runId, kind).finally(() => refreshing.delete(runId));
        refreshing.set(runId, reading);
      }
      return reading;
    },
    keepOnly(runIds) {
      for (const runId of known.keys()) if (!runIds.has(runId)) known.delete(runId);
    },
  };
}

interface FileState {
  readonly path: string;
  readonly bytes: number;
  readonly time: number;
}

/** The file of a run that is written to. */
async function newestFile(dir: string, runId: string, kind: RunKind): Promise<FileState | undefined> {
  const path = kind === "log" ? (await listSegments(logDir(dir, runId))).at(-1)?.path : jsonlPath(dir, runId);
  const stats = path === undefined ? undefined : await stat(path).catch(() => undefined);
  return path === undefined || stats === undefined ? undefined : { path, bytes: stats.size, time: stats.mtimeMs };
}

function isWorthSaving({ kind, listing, stamp, state }: Known, { bytes, time }: FileState): boolean {
  if (state === undefined || stamp === "" || (kind === "jsonl" && bytes < LARGE_BYTES)) return false;
  return listing.status !== "running" || time < Date.now() - QUIET_MS;
}

/** To be raised when a listing is made in another way. */
const SAVED_VERSION = 1;

function savedPath(dir: string, runId: string, kind: RunKind): string {
  return kind === "log" ? join(logDir(dir, runId), "listing.json") : join(dir, ".listings", `${runId}.json`);
}

async function readSaved(path: string, stamp: string): Promise<RunListing | undefined> {
  const value = await readFile(path, "utf8")
    .then(parseLenientJson)
    .catch(() => undefined);
  return isSaved(value) && value.version === SAVED_VERSION && value.stamp === stamp ? value.listing : undefined;
}

interface Saved {
  readonly version: unknown;
  readonly stamp: unknown;
  readonly listing: RunListing;
}

/** What we have written ourselves, in this version, needs no closer look. */
function isSaved(value: unknown): value is Saved {
  return typeof value === "object" && value !== null && "version" in value && "stamp" in value && "listing" in value;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
