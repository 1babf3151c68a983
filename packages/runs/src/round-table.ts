import {
  type ClientFigures,
  joinFigures,
  NO_FIGURES,
  type RoundFacts,
  type RoundMetrics,
  type RoundSummary,
  summarizeFigures,
} from "@hivewatch/core";
import type { Place } from "./frame-file.ts";
import { addAsked, addRow, createPart, figuresOf, type RoundPart } from "./round-part.ts";
import { createRowIndex, type RowIndex } from "./row-index.ts";

/** A round while it is held for changing. Its parts may stand on disk. */
export interface RoundTable extends RoundFacts {
  startedAt: string | undefined;
  endedAt: string | undefined;
  selected: number | undefined;
  readonly metrics: RoundMetrics;
  readonly parts: TablePart[];
  /** Those that it no longer has, since it was last saved. */
  readonly dropped: TablePart[];
  /** How many clients it has. */
  rows: number;
  /** How many of them, the first ones, were heard of; the others were only asked. */
  heard: number;
  /** Which row is whose; made when somebody asks. */
  index: RowIndex | undefined;
  /** Its figures; undefined: to be derived when somebody asks. */
  summary: RoundSummary | undefined;
  /** Whether it has changed since it was last saved. */
  hasChanged: boolean;
  usedAt: number;
}

export interface TablePart {
  /** Undefined: it is on disk. */
  loaded: RoundPart | undefined;
  /** Where its newest copy on disk stands. */
  place: Place | undefined;
  /** Whether it has changed since. */
  hasChanged: boolean;
  /** Undefined: to be derived when somebody asks. */
  figures: ClientFigures | undefined;
  usedAt: number;
}

/** What tables share. */
export interface TableContext {
  /** How many rows a part has at most. */
  readonly partRows: number;
  fieldOf(name: string): number;
  /** Fetches a part from disk. */
  load(place: Place): RoundPart;
  /** Counts up, to tell what has not been used for longest. */
  now(): number;
}

export function createTable(round: number): RoundTable {
  return {
    round,
    startedAt: undefined,
    endedAt: undefined,
    selected: undefined,
    metrics: {},
    parts: [],
    dropped: [],
    rows: 0,
    heard: 0,
    index: undefined,
    summary: undefined,
    hasChanged: true,
    usedAt: 0,
  };
}

/** The part that holds a row, in memory, about to be changed. */
export function partForWriting(table: RoundTable, index: number, context: TableContext): RoundPart {
  const part = table.parts[index] ?? newPart(table, index);
  const loaded = loadedPart(part, context);
  part.hasChanged = true;
  part.figures = undefined;
  return loaded;
}

function newPart(table: RoundTable, index: number): TablePart {
  const part = { loaded: createPart(), place: undefined, hasChanged: true, figures: undefined, usedAt: 0 };
  table.parts[index] = part;
  return part;
}

function loadedPart(part: TablePart, context: TableContext): RoundPart {
  part.loaded ??= fetched(part, context);
  part.usedAt = context.now();
  return part.loaded;
}

/** A part for reading: as it is held, or from disk and not kept. */
export function fetched({ loaded, place }: TablePart, context: TableContext): RoundPart {
  return loaded ?? (place === undefined ? createPart() : context.load(place));
}

/** The row of each of some clients that are heard of, who get one if they have none. */
export function rowsOf(table: RoundTable, clients: Uint32Array, context: TableContext): Uint32Array {
  const index = indexOf(table, context);
  const rows = new Uint32Array(clients.length);
  for (let i = 0; i < clients.length; i++) {
    const client = clients[i] ?? 0;
    const row = index.get(client);
    rows[i] = row === -1 || row >= table.heard ? hear(table, client, row, context) : row;
  }
  return rows;
}

/**
 * Gives a client its row when it is first heard of: the first behind those that were heard of before, so that they stand
 * in order. Who stands there was only asked, has nothing but its name, and makes way.
 *
 * @param row - the row that it has as one that was only asked; -1: none
 */
function hear(table: RoundTable, client: number, row: number, context: TableContext): number {
  const { partRows } = context;
  const index = indexOf(table, context);
  const own = table.heard++;
  if (row === -1 && own === table.rows) {
    addRow(partForWriting(table, Math.floor(own / partRows), context), client);
    index.add(client, own);
    table.rows++;
    return own;
  }
  const part = partForWriting(table, Math.floor(own / partRows), context);
  const at = own % partRows;
  const other = part.clients[at] ?? 0;
  if (row === -1) {
    askNew(table, other, context);
    index.move(other, table.rows - 1);
    index.add(client, own);
    part.asked[at] = 0;
  } else if (row !== own) {
    partForWriting(table, Math.floor(row / partRows), context).clients[row % partRows] = other;
    index.move(other, row);
    index.move(client, own);
  }
  part.clients[at] = client;
  part.heard = at + 1;
  return own;
}

function askNew(table: RoundTable, client: number, context: TableContext): void {
  addAsked(partForWriting(table, Math.floor(table.rows / context.partRows), context), client);
  table.rows++;
}

/** Takes the list of the clients that were asked, in the place of an earlier one. */
export function askClients(table: RoundTable, clients: Iterable<number>, context: TableContext): void {
  if (table.selected !== undefined) forgetAsked(table, context);
  const index = indexOf(table, context);
  for (const client of clients) {
    const row = index.get(client);
    if (row === -1) {
      index.add(client, table.rows);
      askNew(table, client, context);
    } else {
      partForWriting(table, Math.floor(row / context.partRows), context).asked[row % context.partRows] = 1;
    }
  }
}

function forgetAsked(table: RoundTable, context: TableContext): void {
  if (table.rows > table.heard) {
    table.rows = table.heard;
    table.dropped.push(...table.parts.splice(Math.ceil(table.rows / context.partRows)));
    table.index = undefined;
  }
  for (const i of table.parts.keys()) {
    const part = partForWriting(table, i, context);
    part.asked.fill(0);
    part.rows = part.heard;
  }
}

function indexOf(table: RoundTable, context: TableContext): RowIndex {
  table.index ??= indexed(table, context);
  return table.index;
}

function indexed(table: RoundTable, context: TableContext): RowIndex {
  const index = createRowIndex();
  let row = 0;
  for (const part of table.parts) {
    const { clients, rows } = fetched(part, context);
    for (let i = 0; i < rows; i++) index.add(clients[i] ?? 0, row++);
  }
  return index;
}

/** A round's figures, as core's `summarizeRound` has them. */
export function summarizeTable(table: RoundTable, context: TableContext): RoundSummary {
  table.summary ??= summarizeFigures(
    table,
    table.parts.reduce((sum, part) => joinFigures(sum, partFigures(part, context)), NO_FIGURES),
  );
  return table.summary;
}

export function partFigures(part: TablePart, context: TableContext): ClientFigures {
  part.figures ??= figuresOf(fetched(part, context), context.fieldOf);
  return part.figures;
}
