import { stringifyEvent } from "@hivewatch/core";
import { type Cell, type DataColumn, toCsv } from "../charts/data-table.ts";
import type { Clients, RoundTable } from "../data/run-data.ts";
import { fieldOf, statusOf } from "../data/table-fields.ts";

/** Clients in a round, with everything they reported. */
export interface ClientExport {
  readonly name: string;
  readonly clients: Clients;
  readonly table: RoundTable | undefined;
  /** Which clients, in their order. */
  readonly order: ArrayLike<number>;
}

/** Rows that are put together at a time: a text has a greatest length. */
const CHUNK = 5_000;

/** As CSV: what is missing is empty, NaN and infinities keep their names. */
export function clientsAsCsv({ name, clients, table, order }: ClientExport): Blob {
  const columns: DataColumn[] = fieldsOf(clients, table).map(({ field, read }) => ({
    name: field,
    value: (row) => cellOf(read(order[row] ?? -1)),
  }));
  return new Blob([toCsv({ name, columns, rows: order.length })], { type: "text/csv;charset=utf-8" });
}

/** As a JSON array of objects: what is missing is left out, NaN and infinities are those words. */
export function clientsAsJson({ clients, table, order }: ClientExport): Blob {
  const fields = fieldsOf(clients, table);
  const parts: string[] = [];
  for (let start = 0; start < order.length; start += CHUNK) {
    const lines: string[] = [];
    for (let row = start; row < Math.min(order.length, start + CHUNK); row++) {
      const values = fields.map(({ field, read }) => [field, read(order[row] ?? -1)] as const);
      lines.push(stringifyEvent(Object.fromEntries(values.filter(([, value]) => value !== undefined))));
    }
    parts.push(`${start === 0 ? "" : ",\n"}${lines.join(",\n")}`);
  }
  return new Blob(["[", ...parts, "]\n"], { type: "application/json" });
}

interface ExportField {
  readonly field: string;
  read(client: number): unknown;
}

const OWN: ReadonlySet<string> = new Set(["client_id", "round", "status", "city", "country", "lat", "lng"]);

function fieldsOf(clients: Clients, table: RoundTable | undefined): ExportField[] {
  const place = (value: number | undefined): number | undefined => (Number.isNaN(value) ? undefined : value);
  const others = [...(table?.columns.keys() ?? [])].filter((name) => !OWN.has(name));
  return [
    { field: "client_id", read: (client) => clients.ids[client] },
    { field: "round", read: () => table?.round },
    { field: "status", read: (client) => statusOf(table, client) },
    { field: "city", read: (client) => clients.city[client] },
    { field: "country", read: (client) => clients.country[client] },
    { field: "lat", read: (client) => place(clients.lat[client]) },
    { field: "lng", read: (client) => place(clients.lng[client]) },
    ...others.map((field) => ({ field, read: (client: number) => fieldOf(table, client, field) })),
  ];
}

function cellOf(value: unknown): Cell {
  if (value === undefined || value === null) return undefined;
  return typeof value === "number" || typeof value === "string" ? value : stringifyEvent(value);
}
