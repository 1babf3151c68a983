/** The numbers behind a picture, for a table or a file. */
export interface DataTable {
  /** What it is called: also its file. */
  readonly name: string;
  readonly columns: readonly DataColumn[];
  readonly rows: number;
  /** Goes to what a row is about. */
  onPick?(row: number): void;
}

export interface DataColumn {
  readonly name: string;
  /** As it is; undefined: missing. */
  value(row: number): Cell;
  /** For people; as it is without it. */
  text?(row: number): string;
}

export type Cell = number | string | undefined;

/**
 * A table as CSV (RFC 4180), with a byte order mark, since some programs read UTF-8 only then. What is missing is empty; NaN
 * and infinities keep their names. Text that a spreadsheet would take for a formula has an apostrophe before it.
 */
export function toCsv({ columns, rows }: DataTable): string {
  const lines = [columns.map(({ name }) => csvText(name)).join(",")];
  for (let row = 0; row < rows; row++) lines.push(columns.map((column) => csvCell(column.value(row))).join(","));
  return `\uFEFF${lines.join("\r\n")}\r\n`;
}

function csvCell(value: Cell): string {
  if (value === undefined) return "";
  return typeof value === "number" ? String(value) : csvText(value);
}

function csvText(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A cell for people. */
export function cellText(column: DataColumn, row: number): string {
  if (column.text !== undefined) return column.text(row);
  const value = column.value(row);
  return value === undefined ? "–" : String(value);
}
