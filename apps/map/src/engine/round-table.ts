import type { MapNumbers, MapValues } from "@hivewatch/core";
import type { RoundTable, TableColumn } from "../data/run-data.ts";
import { judgeRound } from "./judge-round.ts";
import { type Cells, NUMBER, type RoundColumns, VALUE } from "./round-columns.ts";

/** A round as the page has it: a copy, which stays as it is. */
export function roundTable(columns: RoundColumns, open: boolean): RoundTable {
  const { round, rows } = columns;
  return {
    round,
    open,
    rows,
    clients: columns.clients.slice(0, rows),
    results: columns.results.slice(0, rows),
    asked: columns.asked.slice(0, rows),
    status: judgeRound(columns, open),
    rowOf: columns.rowOf.slice(),
    columns: new Map(Array.from(columns.columns, ([name, cells]) => [name, tableColumn(name, cells, rows)])),
  };
}

function tableColumn(name: string, cells: Cells, rows: number): TableColumn {
  return { numbers: numbersIn(name, cells, rows), values: valuesIn(name, cells, rows) };
}

function numbersIn(name: string, { kinds, numbers }: Cells, rows: number): MapNumbers | undefined {
  if (numbers === undefined) return undefined;
  let known = 0;
  for (let row = 0; row < rows; row++) if (kinds[row] === NUMBER) known++;
  if (known === 0) return undefined;
  return {
    kind: "numbers",
    name,
    numbers: numbers.slice(0, rows),
    present: known === rows ? undefined : presenceIn(kinds, rows),
  };
}

function presenceIn(kinds: Uint8Array, rows: number): Uint8Array {
  const present = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) if (kinds[row] === NUMBER) present[row] = 1;
  return present;
}

function valuesIn(name: string, { kinds, codes, values }: Cells, rows: number): MapValues | undefined {
  if (codes === undefined) return undefined;
  const own = codes.slice(0, rows);
  let found = false;
  for (let row = 0; row < rows; row++) {
    if (kinds[row] === VALUE) found = true;
    else own[row] = -1;
  }
  return found ? { kind: "values", name, values: [...values], codes: own } : undefined;
}
