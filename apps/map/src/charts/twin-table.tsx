import { cellText, type DataTable } from "./data-table.ts";
import { useRowWindow } from "./virtual-rows.ts";

const ROW_HEIGHT = 25;

/** The numbers of a picture as a table. */
export function TwinTable({ table, label }: { table: DataTable; label: string }) {
  const { columns, rows } = table;
  const { ref, first, end } = useRowWindow<HTMLDivElement>(rows, ROW_HEIGHT);
  return (
    <div class="twin-scroll" ref={ref} tabIndex={0} role="region" aria-label={`${label}, as a table`}>
      <table class="twin" aria-rowcount={rows + 1} aria-label={label}>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map(({ name }) => (
              <th key={name} scope="col">
                <bdi>{name}</bdi>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Space rows={first} columns={columns.length} />
          {Array.from({ length: end - first }, (_, i) => (
            <Row key={first + i} table={table} row={first + i} />
          ))}
          <Space rows={rows - end} columns={columns.length} />
        </tbody>
      </table>
      {rows === 0 && <p class="empty">nothing reported</p>}
    </div>
  );
}

function Row({ table, row }: { table: DataTable; row: number }) {
  const [head, ...others] = table.columns;
  if (head === undefined) return null;
  const text = cellText(head, row);
  return (
    <tr aria-rowindex={row + 2}>
      <th scope="row">
        {table.onPick === undefined ? (
          <bdi>{text}</bdi>
        ) : (
          <button type="button" onClick={() => table.onPick?.(row)}>
            <bdi>{text}</bdi>
          </button>
        )}
      </th>
      {others.map((column) => (
        <td key={column.name} class={typeof column.value(row) === "string" ? undefined : "number"}>
          {cellText(column, row)}
        </td>
      ))}
    </tr>
  );
}

/** Takes the place of rows that are out of sight. */
function Space({ rows, columns }: { rows: number; columns: number }) {
  if (rows <= 0) return null;
  return (
    <tr aria-hidden="true" class="twin-space">
      <td colSpan={columns} style={{ height: `${rows * ROW_HEIGHT}px` }} />
    </tr>
  );
}
