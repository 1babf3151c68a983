import { type BlockCodes, type BlockNumbers, type BlockValues, blockValues } from "./block-values.ts";
import { type ClientTable, PLACE_FIELDS } from "./client-table.ts";
import type { ColumnBlock } from "./column-block.ts";
import type { MapFold } from "./map-fold.ts";
import { codeOf, codesOf, columnOf, NUMBER, numbersOf, type PartValue, type RoundPart, VALUE } from "./round-part.ts";
import { partForWriting, type RoundTable, rowsOf } from "./round-table.ts";

/** Takes a block into a fold, column by column. */
export function foldBlock(fold: MapFold, block: ColumnBlock): void {
  const clients = clientsOf(fold.clients, block);
  const columns = blockValues(block);
  for (const column of columns) keepPlaces(fold.clients, clients, column);
  for (const [round, events] of eventsByRound(columns, clients.length)) {
    const table = fold.shelf.get(round);
    const rows = rowsOf(
      table,
      Uint32Array.from(events, (event) => clients[event] ?? 0),
      fold.context,
    );
    const target = byPart({ fold, table, rows, events });
    for (const column of columns) {
      if (column.kind === "numbers") storeNumbers(target, column);
      else storeCodes(target, column);
    }
    if (block.eventType === "client_update") countResults(target);
  }
}

/** Where some events of a block go. */
interface Target {
  readonly fold: MapFold;
  readonly table: RoundTable;
  readonly events: Uint32Array;
  /** The row of each of the events. */
  readonly rows: Uint32Array;
}

function clientsOf({ ids }: ClientTable, block: ColumnBlock): Uint32Array {
  const clients = new Uint32Array(block.count);
  const column = block.columns.find(({ name }) => name === "client_id");
  if (column === undefined || column.kind === "numbers") return clients;
  const { bytes, spans } = column.texts;
  for (let i = 0; i < clients.length; i++) clients[i] = ids.addBytes(bytes, spans[2 * i] ?? 0, spans[2 * i + 1] ?? 0);
  return clients;
}

function keepPlaces(table: ClientTable, clients: Uint32Array, column: BlockValues): void {
  const field = PLACE_FIELDS.indexOf(column.name);
  if (field === -1) return;
  for (let i = 0; i < clients.length; i++) {
    const value = cellOf(column, i);
    if (value !== undefined) table.place(clients[i] ?? 0, field, value);
  }
}

function cellOf(column: BlockValues, i: number): PartValue | undefined {
  if (column.kind === "codes") return column.values[column.codes[i] ?? -1];
  return column.present === undefined || column.present[i] === 1 ? column.numbers[i] : undefined;
}

/** The events of each round; those of none are left out. */
function eventsByRound(columns: readonly BlockValues[], count: number): Map<number, Uint32Array> {
  const column = columns.find(({ name }) => name === "round");
  const byRound = new Map<number, number[]>();
  if (column === undefined || column.kind !== "numbers") return new Map();
  for (let i = 0; i < count; i++) {
    if (column.present !== undefined && column.present[i] !== 1) continue;
    const round = column.numbers[i] ?? 0;
    const events = byRound.get(round);
    if (events === undefined) byRound.set(round, [i]);
    else events.push(i);
  }
  return new Map(Array.from(byRound, ([round, events]) => [round, Uint32Array.from(events)]));
}

function storeNumbers(target: Target, { name, numbers, present }: BlockNumbers): void {
  const { fold, events, rows } = target;
  const field = fold.fields.of(name);
  eachPart(target, (part, from, to, firstRow) => {
    const column = columnOf(part, field);
    const cells = numbersOf(part, column);
    const { kinds } = column;
    for (let k = from; k < to; k++) {
      const event = events[k] ?? 0;
      if (present !== undefined && present[event] !== 1) continue;
      const row = (rows[k] ?? 0) - firstRow;
      cells[row] = numbers[event] ?? 0;
      kinds[row] = NUMBER;
    }
  });
}

function storeCodes(target: Target, { name, codes, values }: BlockCodes): void {
  const { fold, events, rows } = target;
  const field = fold.fields.of(name);
  eachPart(target, (part, from, to, firstRow) => {
    const column = columnOf(part, field);
    const cells = codesOf(part, column);
    const known = new Int32Array(values.length).fill(-1);
    for (let k = from; k < to; k++) {
      const code = codes[events[k] ?? 0] ?? -1;
      const value = values[code];
      if (value === undefined) continue;
      const row = (rows[k] ?? 0) - firstRow;
      if (typeof value === "number") {
        numbersOf(part, column)[row] = value;
        column.kinds[row] = NUMBER;
      } else {
        if (known[code] === -1) known[code] = codeOf(column.values, value);
        cells[row] = known[code] ?? 0;
        column.kinds[row] = VALUE;
      }
    }
  });
}

function countResults(target: Target): void {
  eachPart(target, (part, from, to, firstRow) => {
    for (let k = from; k < to; k++) {
      const row = (target.rows[k] ?? 0) - firstRow;
      part.results[row] = (part.results[row] ?? 0) + 1;
    }
  });
}

/** The events of each part together, so that each part is gone through once; those of one row stay in their order. */
function byPart(target: Target): Target {
  const { fold, table, rows, events } = target;
  if (table.parts.length < 2) return target;
  const { partRows } = fold.context;
  const order = Uint32Array.from(rows.keys()).sort((a, b) => {
    return Math.floor((rows[a] ?? 0) / partRows) - Math.floor((rows[b] ?? 0) / partRows) || a - b;
  });
  return { ...target, rows: order.map((k) => rows[k] ?? 0), events: order.map((k) => events[k] ?? 0) };
}

/** Cuts the events into stretches whose rows are in the same part. */
function eachPart(
  { fold, table, rows }: Target,
  visit: (part: RoundPart, from: number, to: number, firstRow: number) => void,
): void {
  const { partRows } = fold.context;
  for (let from = 0; from < rows.length; ) {
    const index = Math.floor((rows[from] ?? 0) / partRows);
    let to = from + 1;
    while (to < rows.length && Math.floor((rows[to] ?? 0) / partRows) === index) to++;
    visit(partForWriting(table, index, fold.context), from, to, index * partRows);
    from = to;
  }
}
