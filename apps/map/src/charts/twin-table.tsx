import { cellText, type DataColumn, type DataTable } from "./data-table.ts";
import { useRowWindow } from "./virtual-rows.ts";
import "../styles/chart-panels.css";

const ROW_HEIGHT = 25;

/** Letters of a text that are shown: a file has all. */
const LONGEST = 2_000;

/** The numbers of a picture as a table. */
export function TwinTable({ table, label }: { table: DataTable; label: string }) {
  const { columns, rows } = table;
  const { ref, first, end, offset, height } = useRowWindow<HTMLElement>(rows, ROW_HEIGHT);
  return (
    <section class="twin-scroll" ref={ref} aria-label={`${label}, as a table`}>
      {/* The rows that are out of sight are room around the table. */}
      <div style={{ minHeight: `${height + ROW_HEIGHT}px`, paddingTop: `${offset}px` }}>
        <table class="twin" aria-rowcount={rows + 1} aria-label={label}>
          <thead>
            <tr aria-rowindex={1}>
              {columns.map((column, i) => (
                <th key={`${i} ${column.name}`} scope="col" class={i > 0 ? alignmentOf(column, first) : undefined}>
                  <bdi>{column.name.slice(0, LONGEST)}</bdi>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {Array.from({ length: end - first }, (_, i) => (
              <Row key={first + i} table={table} row={first + i} />
            ))}
          </tbody>
        </table>
      </div>
      {rows === 0 && <p class="empty">nothing reported</p>}
    </section>
  );
}

function Row({ table, row }: { table: DataTable; row: number }) {
  const [head, ...others] = table.columns;
  if (head === undefined) return null;
  const text = cellText(head, row).slice(0, LONGEST);
  return (
    <tr aria-rowindex={row + 2}>
      <th scope="row">
        {table.onPick === undefined ? (
          <bdi>{text}</bdi>
        ) : (
          <button type="button" onClick={() => table.onPick?.(row)}>
            <bdi>{text || "(empty)"}</bdi>
          </button>
        )}
      </th>
      {others.map((column, i) => (
        <td key={`${i} ${column.name}`} class={alignmentOf(column, row)} title={titleOf(column, row)}>
          <bdi>{cellText(column, row).slice(0, LONGEST)}</bdi>
        </td>
      ))}
    </tr>
  );
}

function alignmentOf(column: DataColumn, row: number): string | undefined {
  return typeof column.value(row) === "string" ? undefined : "number";
}

/** A text may be longer than there is room. */
function titleOf(column: DataColumn, row: number): string | undefined {
  const value = column.value(row);
  return typeof value === "string" && value.length > 20 ? value.slice(0, LONGEST) : undefined;
}
