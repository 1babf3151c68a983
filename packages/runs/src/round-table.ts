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
import { addRow, createPart, figuresOf, type RoundPart } from "./round-part.ts";
import { createRowIndex, type RowIndex } from "./row-index.ts";

/** A round while it is held for changing. Its parts may stand on disk. */
export interface RoundTable extends RoundFacts {
  startedAt: string | undefined;
  endedAt: string | undefined;
  selected: number | undefined;
  readonly metrics: RoundMetrics;
  readonly parts: TablePart[];
  /** How many clients it has. */
  rows: number;
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
    rows: 0,
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

/** The row of each of some clients, who get one if they have none. */
export function rowsOf(table: RoundTable, clients: Uint32Array, context: TableContext): Uint32Array {
  table.index ??= indexOf(table, context);
  const { index } = table;
  const rows = new Uint32Array(clients.length);
  let partIndex = -1;
  let part: RoundPart | undefined;
  for (let i = 0; i < clients.length; i++) {
    const client = clients[i] ?? 0;
    let row = index.get(client);
    if (row === -1) {
      row = table.rows++;
      index.add(client, row);
      if (part === undefined || Math.floor(row / context.partRows) !== partIndex) {
        partIndex = Math.floor(row / context.partRows);
        part = partForWriting(table, partIndex, context);
      }
      addRow(part, client);
    }
    rows[i] = row;
  }
  return rows;
}

function indexOf(table: RoundTable, context: TableContext): RowIndex {
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
