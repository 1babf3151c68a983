import { batch } from "@preact/signals";
import { useSession } from "../session.ts";
import { fieldFormat, isLowWorse } from "./chart-list.ts";
import { worstClients } from "./worst-clients.ts";

const COUNT = 2;

/** The clients that are worst in the shown round. A click opens one. */
export function WorstRow({ field }: { field: string }) {
  const { table, matches, data, state } = useSession();
  const shown = table.value;
  if (shown === undefined) return null;
  const worst = worstClients(shown, field, matches.value, COUNT);
  if (worst.length === 0 || shown.rows < 2) return null;
  const format = fieldFormat(field);
  const { ids } = data.clients.value;
  const columns = state.columns.value;
  return (
    <p class="worst-row">
      <span title={`in round ${shown.round}`}>worst</span>
      {worst.map(({ client, value }) => (
        <button
          type="button"
          key={client}
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
