import { useSignal } from "@preact/signals";
import { formatBytes, formatCount, formatNumber, formatPercent, formatSeconds } from "../format.ts";
import { type ClientField, fieldValue, type Sort, type SortKey, sortedClients } from "../model/client-rows.ts";
import { statusAt } from "../model/round-view.ts";
import { useSession } from "../session.ts";
import { MetricValue } from "./metric-value.tsx";
import { placeName } from "./place-name.ts";
import { StatusLabel } from "./status-mark.tsx";

interface Column {
  readonly key: SortKey;
  readonly label: string;
  readonly title?: string;
}

interface NumberColumn extends Column {
  readonly key: ClientField;
  readonly format: (value: number | null | undefined) => string;
}

const TEXT_COLUMNS: readonly Column[] = [
  { key: "client", label: "Client" },
  { key: "status", label: "Status" },
];

const NUMBER_COLUMNS: readonly NumberColumn[] = [
  { key: "local_accuracy", label: "Accuracy", format: formatPercent },
  { key: "local_loss", label: "Loss", format: formatNumber },
  { key: "num_samples", label: "Samples", format: formatCount },
  { key: "train_time_sec", label: "Train time", format: formatSeconds },
  { key: "bytes_sent", label: "Up", title: "Bytes from the client to the server", format: formatBytes },
  { key: "bytes_received", label: "Down", title: "Bytes from the server to the client", format: formatBytes },
  {
    key: "staleness",
    label: "Staleness",
    title: "How many rounds old the model was that the client trained on",
    format: formatCount,
  },
];

/** Rows beyond this are found by searching and sorting. */
const MAX_ROWS = 200;

/** Every client in the shown round, the gravest first. It tells in words what the map shows. */
export function ClientTable() {
  const { snapshot, view } = useSession();
  const sort = useSignal<Sort>({ key: "status", descending: false });
  const search = useSignal("");
  const setSort = (next: Sort): void => {
    sort.value = next;
  };
  const clients = sortedClients(snapshot.value.model, view.value, sort.value, search.value);
  return (
    <section class="panel client-table" aria-labelledby="clients-heading">
      <header class="panel-head">
        <h2 id="clients-heading">Clients</h2>
        <span class="panel-note" data-testid="client-count">
          {clients.length > MAX_ROWS
            ? `showing ${MAX_ROWS} of ${formatCount(clients.length)}`
            : formatCount(clients.length)}
        </span>
        <input
          type="search"
          placeholder="Find a client, place or status"
          aria-label="Find a client, place or status"
          value={search.value}
          onInput={({ currentTarget }) => {
            search.value = currentTarget.value;
          }}
        />
      </header>
      <div class="table-scroll">
        <table>
          <thead>
            <tr>
              {TEXT_COLUMNS.map((column) => (
                <HeadCell key={column.key} column={column} sort={sort.value} onSort={setSort} />
              ))}
              {NUMBER_COLUMNS.map((column) => (
                <HeadCell key={column.key} column={column} sort={sort.value} onSort={setSort} />
              ))}
            </tr>
          </thead>
          <tbody>
            {clients.slice(0, MAX_ROWS).map((index) => (
              <ClientRow key={index} index={index} />
            ))}
          </tbody>
        </table>
        {clients.length === 0 && <p class="empty">{search.value === "" ? "No client yet" : "No client matches"}</p>}
      </div>
    </section>
  );
}

function HeadCell({ column, sort, onSort }: { column: Column; sort: Sort; onSort: (sort: Sort) => void }) {
  const active = sort.key === column.key;
  const direction = sort.descending ? "descending" : "ascending";
  return (
    <th scope="col" aria-sort={active ? direction : "none"} title={column.title}>
      <button type="button" onClick={() => onSort({ key: column.key, descending: active && !sort.descending })}>
        {column.label}
        <span class="sort-arrow" aria-hidden="true">
          {active ? (sort.descending ? "↓" : "↑") : ""}
        </span>
      </button>
    </th>
  );
}

function ClientRow({ index }: { index: number }) {
  const { snapshot, view, selected } = useSession();
  const { model } = snapshot.value;
  const id = model.roster[index] ?? "";
  const metrics = view.value.metrics[index];
  const status = statusAt(view.value, index);
  const place = placeName(model.state.clients.get(id)?.latest);
  return (
    <tr
      class={selected.value === id ? "selected" : undefined}
      data-testid="client-row"
      data-client-id={id}
      data-status={status}
    >
      <th scope="row" data-field="client_id">
        <button
          type="button"
          class="client-link"
          title={id}
          onClick={() => {
            selected.value = id;
          }}
        >
          {id}
        </button>
        {place !== undefined && <span class="client-place">{place}</span>}
      </th>
      <td data-field="status">
        <StatusLabel status={status} />
      </td>
      {NUMBER_COLUMNS.map(({ key, format }) => {
        const value = fieldValue(metrics, key);
        return (
          <td key={key} class="number" data-field={key} data-value={value}>
            <MetricValue value={value} format={format} />
          </td>
        );
      })}
    </tr>
  );
}
