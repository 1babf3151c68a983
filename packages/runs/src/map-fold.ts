import {
  applyEvent,
  type ClientMetrics,
  createRunState,
  decodeMapPart,
  endRound,
  type HiveEvent,
  isKnownEvent,
  isoFromMicros,
  type KnownEvent,
  type MapHead,
  type RunState,
  takeMapHead,
} from "@hivewatch/core";
import { type ClientTable, createClientTable, PLACE_FIELDS } from "./client-table.ts";
import type { ColumnBlock } from "./column-block.ts";
import { createFieldNames, type FieldNames } from "./field-names.ts";
import { foldBlock } from "./fold-block.ts";
import type { Place } from "./frame-file.ts";
import { isNotable } from "./notable-event.ts";
import { createNotableTable, type NotableTable } from "./notable-table.ts";
import { type PartValue, partOf, partValue, setCell } from "./round-part.ts";
import { createRoundShelf, type RoundShelf } from "./round-shelf.ts";
import { askClients, partForWriting, rowsOf, type TableContext } from "./round-table.ts";

/**
 * A run, folded into tables: for everything that is written into files the same as core's `applyEvent` makes of its
 * events, but in columns, and with only those rounds in memory in which something happens.
 */
export interface MapFold {
  /** What is known of the run itself. Its rounds and clients are not in here. */
  readonly run: RunState;
  readonly clients: ClientTable;
  readonly fields: FieldNames;
  readonly shelf: RoundShelf;
  /** What happened beside results and rounds. */
  readonly notable: NotableTable;
  readonly context: TableContext;
  takeEvent(event: HiveEvent): void;
  /** Takes the events of a block that is surely valid. */
  takeBlock(block: ColumnBlock): void;
}

export interface FoldOptions {
  /** How many rows a part of a round, or of the client table, has at most. */
  readonly partRows: number;
  /** How much of the rounds is held in memory at most, about. */
  readonly maxBytes: number;
  /** Fetches a part from disk, as it was before it was compressed. */
  readonly load: (place: Place) => Uint8Array;
  /** A run to go on with. */
  readonly head?: MapHead | undefined;
}

/** @throws HiveWatchError `malformed` if what the head tells of is damaged */
export function createMapFold(runId: string, { partRows, maxBytes, load, head }: FoldOptions): MapFold {
  const run = runOf(runId, head);
  const fields = createFieldNames(head?.fields);
  const clients = createClientTable(partRows);
  for (const [offset, length] of head?.clients.parts ?? [])
    clients.restore(load({ offset, length }), { offset, length });
  const notable = createNotableTable({ partRows, ids: clients.ids, load, saved: head?.notable });
  let clock = 0;
  const context: TableContext = {
    partRows,
    fieldOf: fields.of,
    load: (place) => partOf(decodeMapPart(load(place)), fields.of),
    now: () => ++clock,
  };
  const shelf = createRoundShelf(context, head?.rounds ?? [], maxBytes);

  function takeClient(round: number | null, update: ClientMetrics, results: number): void {
    const client = clients.ids.add(update.client_id);
    const values = valuesOf(update);
    for (const [name, value] of values) {
      const field = PLACE_FIELDS.indexOf(name);
      if (field !== -1) clients.place(client, field, value);
    }
    if (round === null) return;
    const table = shelf.get(round);
    const [row = 0] = rowsOf(table, Uint32Array.of(client), context);
    const part = partForWriting(table, Math.floor(row / partRows), context);
    const at = row % partRows;
    for (const [name, value] of values) setCell(part, at, fields.of(name), value);
    part.results[at] = (part.results[at] ?? 0) + results;
  }

  function takeKnown(event: KnownEvent): void {
    switch (event.event_type) {
      case "init":
      case "server_metadata":
      case "finished":
        applyEvent(run, event);
        return;
      case "round_start": {
        const table = shelf.get(event.round);
        table.startedAt ??= event.timestamp;
        if (event.selected === undefined) return;
        askClients(table, event.selected.map(clients.ids.add), context);
        table.selected = event.selected.length;
        return;
      }
      case "client_update":
        for (const client of event.clients) takeClient(client.round ?? event.round, client, 1);
        return;
      case "client_metric":
        for (const client of event.clients) takeClient(client.round ?? event.round, client, 0);
        return;
      case "client_dropout":
        for (const client of event.clients) takeClient(event.round, { ...client, status: "dropped" }, 0);
        return;
      case "comm_failure":
        takeClient(event.round, { client_id: event.client_id, status: "failed" }, 0);
        return;
      case "client_recovered":
        takeClient(event.round, { client_id: event.client_id, status: "active" }, 0);
        return;
      case "round_end":
        endRound(shelf.get(event.round), event);
        for (const client of event.clients) takeClient(event.round, client, 0);
        return;
      case "checkpoint":
      case "evaluation":
        shelf.get(event.round);
        return;
    }
  }

  function takeOther({ round, clients: mentioned }: HiveEvent): void {
    if (typeof round !== "number") return;
    shelf.get(round);
    for (const client of Array.isArray(mentioned) ? mentioned : []) takeClient(round, client, 0);
  }

  function count(events: number, timestamp: string): void {
    run.eventCount += events;
    run.lastEventAt = timestamp;
  }

  const fold: MapFold = {
    run,
    clients,
    fields,
    shelf,
    notable,
    context,
    takeEvent(event) {
      const before = run.eventCount;
      const isBeginning = event.event_type === "init" && run.startedAt === undefined;
      if (isNotable(event) && !isBeginning) notable.take(event);
      if (isKnownEvent(event)) takeKnown(event);
      else takeOther(event);
      run.eventCount = before;
      count(1, event.timestamp);
    },
    takeBlock(block) {
      const { timestamps } = block;
      foldBlock(fold, block);
      if (timestamps.length > 0) count(timestamps.length, isoFromMicros(timestamps.at(-1) ?? 0));
    },
  };
  return fold;
}

function valuesOf(update: ClientMetrics): [name: string, value: PartValue][] {
  const values: [string, PartValue][] = [];
  for (const name in update) {
    if (name === "client_id") continue;
    const value = partValue(update[name]);
    if (value !== undefined) values.push([name, value]);
  }
  return values;
}

function runOf(runId: string, head: MapHead | undefined): RunState {
  const run = createRunState(runId);
  if (head !== undefined) takeMapHead(run, head);
  return run;
}
