/** Rows as text in columns; the first column is aligned left, and so is what isn't a number. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => aligned(cell, widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function aligned(cell: string, width: number): string {
  return /^[\d.]+( %)?$/.test(cell) ? cell.padStart(width) : cell.padEnd(width);
}
