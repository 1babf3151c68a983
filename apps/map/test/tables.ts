import type { MapNumbers, MapValues } from "@hivewatch/core";
import type { Clients, Rounds, RoundTable, TableColumn, Tally } from "../src/data/run-data.ts";
import { type ClientStatus, STATUS_CODES } from "../src/data/statuses.ts";

/** A client as tests write it down. */
export interface ClientRow {
  readonly id: string;
  readonly status?: ClientStatus;
  readonly city?: string;
  readonly country?: string;
  readonly [field: string]: unknown;
}

const OWN = new Set(["id", "status", "city", "country"]);

/** The clients of these rows. */
export function clientsOf(rows: readonly ClientRow[]): Clients {
  const ids = rows.map(({ id }) => id);
  const nowhere = (): Float64Array => new Float64Array(rows.length).fill(Number.NaN);
  return {
    ids,
    lat: nowhere(),
    lng: nowhere(),
    city: rows.map(({ city }) => city),
    country: rows.map(({ country }) => country),
    indexOf: (id) => ids.indexOf(id),
  };
}

/** A table of those rows that have a status; the others are not in the round. */
export function tableOf(round: number, all: readonly ClientRow[]): RoundTable {
  const rows = all.filter(({ status }) => status !== undefined);
  const rowOf = Int32Array.from(all, (row) => rows.indexOf(row));
  const names = new Set(rows.flatMap((row) => Object.keys(row).filter((name) => !OWN.has(name))));
  return {
    round,
    open: false,
    rows: rows.length,
    clients: Uint32Array.from(rows, (row) => all.indexOf(row)),
    results: new Uint32Array(rows.length).fill(1),
    asked: new Uint8Array(rows.length),
    status: Uint8Array.from(rows, ({ status = "idle" }) => STATUS_CODES[status]),
    rowOf,
    columns: new Map(Array.from(names, (name) => [name, columnOf(name, rows)])),
  };
}

function columnOf(name: string, rows: readonly ClientRow[]): TableColumn {
  const values = rows.map((row) => row[name]);
  const isNumber = values.map((value) => typeof value === "number");
  const numbers: MapNumbers = {
    kind: "numbers",
    name,
    numbers: Float64Array.from(values, (value) => (typeof value === "number" ? value : Number.NaN)),
    present: Uint8Array.from(isNumber, Number),
  };
  const different = [...new Set(values.filter((value) => value !== undefined && typeof value !== "number"))];
  const codes = Int32Array.from(values, (value) => different.indexOf(value));
  const others: MapValues = { kind: "values", name, values: different, codes };
  return {
    numbers: isNumber.includes(true) ? numbers : undefined,
    values: different.length > 0 ? others : undefined,
  };
}

/** Nothing counted yet, but for what is given. */
export function tallyOf(count: number, known: Partial<Tally> = {}): Tally {
  return {
    rounds: 0,
    completed: new Uint32Array(count),
    involved: new Uint32Array(count),
    dropouts: new Uint32Array(count),
    failures: new Uint32Array(count),
    stragglers: new Uint32Array(count),
    lastResult: new Float64Array(count).fill(Number.NaN),
    ...known,
  };
}

/** Rounds of which no more is known than their numbers, and when they ended, in seconds. */
export function roundsOf(numbers: readonly number[], endedAt: readonly number[] = []): Rounds {
  return {
    numbers: Float64Array.from(numbers),
    startedAt: new Float64Array(numbers.length).fill(Number.NaN),
    endedAt: Float64Array.from(numbers, (_, i) => (endedAt[i] ?? Number.NaN) * 1000),
    open: new Uint8Array(numbers.length),
    clients: new Float64Array(numbers.length),
    figures: new Map(),
    notes: new Map(),
  };
}
