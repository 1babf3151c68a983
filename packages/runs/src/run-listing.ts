import { isKnownEvent, isoFromMicros, type RunStatus } from "@hivewatch/core";
import { type BlockColumn, type ColumnBlock, decodeColumns } from "./column-block.ts";
import { areSurelyValid } from "./columns.ts";
import type { LogEntry } from "./read-entries.ts";
import { entriesOf } from "./read-log.ts";
import type { StoredBatch } from "./scan-segment.ts";

/** What a list of runs shows of one. The first seven fields are those of Python hivewatch's `GET /runs`. */
export interface RunListing {
  run_id: string;
  algorithm: string;
  started_at: string;
  num_events: number;
  /** Name of the file of JSON lines, which may not be there yet. */
  file: string;
  metadata_file: string;
  has_metadata: boolean;
  /** The position behind the newest event that is counted here. */
  position: number;
  status: RunStatus;
  finished_at: string | null;
  last_event_at: string | null;
  num_rounds: number;
  /** Up to 100,000, which also stands for more. */
  num_clients: number;
  /** Of the newest round that has one. */
  global_accuracy: number | null;
  config: Record<string, unknown>;
}

/** The little that a listing needs of a run, kept up to date event by event. */
export interface ListingState {
  readonly listing: RunListing;
  readonly rounds: Set<number>;
  readonly clients: Set<string>;
  newestAccuracyRound: number;
}

/** More clients, and more rounds, are not told apart: who invents ids must not fill the memory. */
const MAX_COUNTED = 100_000;

export function createListingState(runId: string): ListingState {
  return {
    listing: {
      run_id: runId,
      algorithm: "unknown",
      started_at: "",
      num_events: 0,
      file: `${runId}.jsonl`,
      metadata_file: `${runId}.map.json`,
      has_metadata: false,
      position: 0,
      status: "running",
      finished_at: null,
      last_event_at: null,
      num_rounds: 0,
      num_clients: 0,
      global_accuracy: null,
      config: {},
    },
    rounds: new Set(),
    clients: new Set(),
    newestAccuracyRound: -1,
  };
}

/** Takes a batch into account: one of columns without taking it apart. */
export function applyBatchToListing(state: ListingState, stored: StoredBatch): void {
  const { payload, runId } = stored.batch;
  const block = payload.case === "columns" ? decodeColumns(payload.value) : undefined;
  if (block !== undefined && areSurelyValid(block)) applyBlock(state, block, stored.end);
  else for (const entry of entriesOf(stored, runId, 0)) applyToListing(state, entry);
}

function applyBlock({ listing, rounds, clients }: ListingState, block: ColumnBlock, end: number): void {
  const last = block.timestamps.at(-1);
  if (last === undefined) return;
  listing.num_events += block.count;
  listing.position = end;
  listing.last_event_at = isoFromMicros(last);
  const column = (name: string): BlockColumn | undefined => block.columns.find((each) => each.name === name);
  const round = column("round");
  if (round?.kind === "numbers") countRounds(rounds, round.numbers);
  const id = column("client_id");
  if (id?.kind === "texts") for (const client of id.texts.decode()) count(clients, client);
  listing.num_rounds = rounds.size;
  listing.num_clients = clients.size;
}

function countRounds(rounds: Set<number>, numbers: Float64Array): void {
  let last: number | undefined;
  for (const round of numbers) {
    // Most events of a block are of the same round.
    if (round !== last) count(rounds, round);
    last = round;
  }
}

function count<Value>(seen: Set<Value>, value: Value): void {
  if (seen.size < MAX_COUNTED) seen.add(value);
}

export function applyToListing(state: ListingState, { event, position }: LogEntry): void {
  const { listing, rounds, clients } = state;
  listing.num_events++;
  listing.position = position;
  listing.last_event_at = event.timestamp;
  if (typeof event.round === "number") count(rounds, event.round);
  if (isKnownEvent(event)) {
    switch (event.event_type) {
      case "init":
        listing.algorithm = event.algorithm;
        listing.config = event.config;
        listing.started_at ||= event.started_at;
        listing.status = "running";
        listing.finished_at = null;
        break;
      case "client_update":
      case "client_metric":
      case "client_dropout":
        for (const client of event.clients) count(clients, client.client_id);
        break;
      case "comm_failure":
        count(clients, event.client_id);
        break;
      case "round_end":
        takeAccuracy(state, event.round, event.round_metrics.global_accuracy);
        break;
      case "finished":
        listing.status = event.status ?? "completed";
        listing.finished_at = event.timestamp;
        break;
    }
  }
  listing.num_rounds = rounds.size;
  listing.num_clients = clients.size;
}

function takeAccuracy(state: ListingState, round: number, accuracy: number | null | undefined): void {
  if (typeof accuracy !== "number" || round < state.newestAccuracyRound) return;
  state.newestAccuracyRound = round;
  state.listing.global_accuracy = accuracy;
}
