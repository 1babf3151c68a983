import { batch } from "@preact/signals";
import { useSession } from "../session.ts";
import { fieldFormat, isLowWorse } from "./chart-list.ts";
import { worstClients } from "./worst-clients.ts";

const COUNT = 2;

/** The clients that are worst in the shown round. A click opens one. */
export function WorstRow({ field }: { field: string }) {
  const { table, matches, data, state } = useSession();
  const shown = table.value;
  const worst = shown === undefined || shown.rows < 2 ? [] : worstClients(shown, field, matches.value, COUNT);
  // It keeps its place, so that what is below doesn't move.
  if (worst.length === 0) return <p class="worst-row" />;
  const format = fieldFormat(field);
  const { ids } = data.clients.value;
  const columns = state.columns.value;
  return (
    <p class="worst-row">
      <span title={`in round ${shown?.round}`}>worst</span>
      {worst.map(({ client, value }, place) => (
        <button
          type="button"
          key={place}
          onClick={() => {
            state.client.value = ids[client];
          }}
        >
          <bdi>{ids[client] || "(empty id)"}</bdi> <b>{format(value)}</b>
        </button>
      ))}
      <button
        type="button"
        class="worst-more"
        title="All clients, the worst first"
        onClick={() => {
          batch(() => {
            state.sort.value = { field, descending: !isLowWorse(field) };
            state.columns.value = columns.length === 0 || columns.includes(field) ? columns : [...columns, field];
            state.tab.value = "clients";
            state.view.value = "clients";
          });
        }}
      >
        more
      </button>
    </p>
  );
}
