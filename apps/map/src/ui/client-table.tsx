import { useComputed } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { Finding } from "../data/run-data.ts";
import { fieldOf, statusOf } from "../data/table-fields.ts";
import { roundShare } from "../data/tally-fields.ts";
import { formatCount, formatPercent } from "../format.ts";
import type { Sort } from "../page-state.ts";
import { useSession } from "../session.ts";
import { fieldText } from "./field-names.ts";
import { findingText } from "./finding-text.ts";
import { placeName } from "./place-name.ts";
import { StatusLabel } from "./status-mark.tsx";
import { type Column, columnChoices, columnOf, shownFields } from "./table-columns.ts";
import { TableMenus } from "./table-menus.tsx";
import { isNarrow } from "./use-narrow.ts";
import { useOrder } from "./use-order.ts";
import { useRowKeys } from "./use-row-keys.ts";
import { useScroll } from "./use-scroll.ts";
import { visibleRows } from "./visible-rows.ts";

/** As in panels.css. In a narrow table the place stands below the client. */
const ROW_HEIGHTS = { wide: 32, narrow: 44 };
const HEAD_HEIGHT = 30;

const TEXT_COLUMNS: readonly Column[] = [
  { field: "client", label: "Client", title: undefined },
  { field: "status", label: "Status", title: undefined },
];

/** Every client in the shown round, the gravest first. It tells in words what the map shows. */
export function ClientTable() {
  const { data, state, table, matches } = useSession();
  const order = useOrder().value;
  const { element, top, viewport } = useScroll<HTMLDivElement>();
  const focused = useRef<number | undefined>(undefined);
  const rowHeight = ROW_HEIGHTS[isNarrow.value ? "narrow" : "wide"];
  const choices = useComputed(() => columnChoices(data.overview.value, table.value)).value;
  const columns = shownFields(state.columns.value, choices).map(columnOf);
  const reasons = useComputed(() => reasonsIn(data.findings.value.list, table.value?.round)).value;
  const total = data.clients.value.ids.length;
  const body = Math.max(0, viewport.value - HEAD_HEIGHT);
  const { first, end, offset, height } = visibleRows(top.value, body, order.length, rowHeight);
  const setSort = (sort: Sort): void => {
    state.sort.value = sort;
    if (element.current !== null) element.current.scrollTop = 0;
  };

  useRowKeys({
    element,
    top,
    count: order.length,
    rowHeight,
    headHeight: HEAD_HEIGHT,
    current: () => (focused.current === undefined ? -1 : order.indexOf(focused.current)),
    setCurrent(row) {
      focused.current = order[row];
    },
    elementOf: (row) => element.current?.querySelector<HTMLElement>(`[data-client="${order[row]}"]`),
  });

  const rows = order.subarray(first, end);
  const current = focused.current !== undefined && rows.includes(focused.current) ? focused.current : rows[0];
  return (
    <section class="client-table" aria-label="Clients" data-testid="client-table" data-round={table.value?.round}>
      <header class="panel-bar">
        <span class="panel-note" data-testid="client-count" data-value={order.length}>
          {matches.value === undefined
            ? `${formatCount(total)} ${total === 1 ? "client" : "clients"}`
            : `${formatCount(order.length)} of ${formatCount(total)} clients`}
        </span>
        <TableMenus choices={choices} shown={columns.map(({ field }) => field)} order={order} />
      </header>
      <div class="table-scroll" ref={element} tabIndex={-1}>
        <table aria-rowcount={order.length + 1} style={`--columns: ${columns.length}`}>
          <thead>
            <tr aria-rowindex={1}>
              {[...TEXT_COLUMNS, ...columns].map((column) => (
                <HeadCell key={column.field} column={column} sort={state.sort.value} onSort={setSort} />
              ))}
            </tr>
          </thead>
          <tbody>
            <Gap height={offset} columns={columns.length} />
            {Array.from(rows, (client, i) => (
              <ClientRow
                key={client}
                client={client}
                row={first + i}
                columns={columns}
                reason={reasons.get(client)}
                tabIndex={client === current ? 0 : -1}
                onFocus={() => {
                  focused.current = client;
                }}
              />
            ))}
            <Gap height={Math.max(0, height - offset - rows.length * rowHeight)} columns={columns.length} />
          </tbody>
        </table>
        {order.length === 0 && (
          <p class="empty">
            {data.connection.value.phase === "loading"
              ? "Loading…"
              : total === 0
                ? "No client yet"
                : "No client matches the search"}
          </p>
        )}
      </div>
    </section>
  );
}

/** Takes the place of rows that aren't drawn. */
function Gap({ height, columns }: { height: number; columns: number }) {
  if (height <= 0) return null;
  return (
    <tr class="gap">
      <td colSpan={columns + TEXT_COLUMNS.length} style={{ height: `${height}px` }} />
    </tr>
  );
}

function HeadCell({ column, sort, onSort }: { column: Column; sort: Sort; onSort: (sort: Sort) => void }) {
  const { field, label, title } = column;
  const isActive = sort.field === field;
  const direction = sort.descending ? "descending" : "ascending";
  return (
    <th scope="col" aria-sort={isActive ? direction : "none"} title={title} data-field={field}>
      <button type="button" onClick={() => onSort({ field, descending: isActive && !sort.descending })}>
        <span class="head-label">{label}</span>
        <span class="sort-arrow" aria-hidden="true">
          {isActive ? (sort.descending ? "↓" : "↑") : ""}
        </span>
      </button>
    </th>
  );
}

/** Why clients have no result in a round, by client. */
function reasonsIn(findings: readonly Finding[], round: number | undefined): ReadonlyMap<number, string> {
  const own = findings.filter((finding) => finding.round === round && finding.facts === undefined);
  return new Map(own.map((finding) => [finding.client, findingText(finding)]));
}

/** Whether a column is of the shown round, and not of the whole run. */
function isOfRound(field: string): boolean {
  return field !== "round_share";
}

interface ClientRowProps {
  readonly client: number;
  readonly row: number;
  readonly columns: readonly Column[];
  /** Why there is no result of it, if that is known. */
  readonly reason: string | undefined;
  readonly tabIndex: 0 | -1;
  onFocus(): void;
}

function ClientRow({ client, row, columns, reason, tabIndex, onFocus }: ClientRowProps) {
  const { data, state, table } = useSession();
  const shown = table.value;
  const clients = data.clients.value;
  const id = clients.ids[client] ?? "";
  const status = statusOf(shown, client);
  const place = placeName({ city: clients.city[client], country: clients.country[client] });
  const values = columns.map(({ field }) =>
    isOfRound(field) ? fieldOf(shown, client, field) : roundShare(data.tally.value, client),
  );
  // Why there is nothing says more than a row of dashes.
  const hasNone = reason !== undefined && columns.every(({ field }, i) => !isOfRound(field) || values[i] === undefined);
  return (
    <tr
      class={state.client.value === id ? "selected" : undefined}
      data-testid="client-row"
      data-row={row}
      data-client-id={id}
      data-status={status}
      aria-rowindex={row + 2}
    >
      <th scope="row" data-field="client_id">
        <button
          type="button"
          class="client-link"
          title={id}
          data-client={client}
          tabIndex={tabIndex}
          onFocus={onFocus}
          onClick={() => {
            state.client.value = id;
          }}
        >
          <bdi>{id === "" ? "(no id)" : id}</bdi>
        </button>
        {place !== undefined && <bdi class="client-place">{place}</bdi>}
      </th>
      <td data-field="status">
        <StatusLabel status={status} />
      </td>
      {hasNone && (
        <td class="reason" colSpan={columns.filter(({ field }) => isOfRound(field)).length} title={reason}>
          <bdi>{reason}</bdi>
        </td>
      )}
      {columns.map(({ field }, i) =>
        hasNone && isOfRound(field) ? null : <ValueCell key={field} field={field} value={values[i]} />,
      )}
    </tr>
  );
}

function ValueCell({ field, value }: { field: string; value: unknown }) {
  if (typeof value !== "number") {
    const text = fieldText(field, value);
    return (
      <td
        class={value === undefined ? "number" : "text"}
        data-field={field}
        title={value === undefined ? undefined : text}
      >
        <bdi>{text}</bdi>
      </td>
    );
  }
  const isNumber = Number.isFinite(value);
  return (
    <td
      class={isNumber ? "number" : "number non-finite"}
      data-field={field}
      data-value={field === "round_share" ? undefined : value}
    >
      {!isNumber && <span aria-hidden="true">⚠ </span>}
      {field === "round_share" ? formatPercent(value) : fieldText(field, value)}
    </td>
  );
}
