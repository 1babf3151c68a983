import { saveFile } from "../charts/save-file.ts";
import { useSession } from "../session.ts";
import { ColumnsIcon, ExportIcon } from "./icons.tsx";
import { columnOf } from "./table-columns.ts";

interface TableMenusProps {
  readonly choices: readonly string[];
  readonly shown: readonly string[];
  readonly order: Uint32Array;
}

/** Which columns the table has, and what is saved of it. */
export function TableMenus({ choices, shown, order }: TableMenusProps) {
  const { runId, data, state, table, player } = useSession();

  function toggle(field: string, on: boolean): void {
    const wanted = new Set(shown);
    if (on) wanted.add(field);
    else wanted.delete(field);
    state.columns.value = choices.filter((name) => wanted.has(name));
  }

  async function save(ending: Ending): Promise<void> {
    const { clientsAsCsv, clientsAsJson } = await import("./client-export.ts");
    const name = `${runId}-round-${player.round.peek() ?? "none"}-clients`;
    const what = { name, clients: data.clients.peek(), table: table.peek(), order };
    saveFile(`${name}.${ending}`, ending === "csv" ? clientsAsCsv(what) : clientsAsJson(what));
  }

  return (
    <div class="panel-actions">
      <button type="button" class="text-button" popovertarget="column-menu" data-testid="columns">
        <ColumnsIcon />
        <span>Columns</span>
      </button>
      <div id="column-menu" class="menu" popover="auto">
        <fieldset>
          <legend>Columns</legend>
          {choices.map((field) => (
            <label class="check" key={field} title={field}>
              <input
                type="checkbox"
                checked={shown.includes(field)}
                onChange={({ currentTarget }) => toggle(field, currentTarget.checked)}
              />
              <bdi>{columnOf(field).label}</bdi>
            </label>
          ))}
        </fieldset>
        <button
          type="button"
          class="text-button"
          onClick={() => {
            state.columns.value = [];
          }}
        >
          The usual ones
        </button>
      </div>
      <ExportButton ending="csv" onSave={save} />
      <ExportButton ending="json" onSave={save} />
    </div>
  );
}

type Ending = "csv" | "json";

function ExportButton({ ending, onSave }: { ending: Ending; onSave: (ending: Ending) => void }) {
  const name = ending.toUpperCase();
  return (
    <button
      type="button"
      class="text-button"
      title={`Save the clients that match as ${name}`}
      data-testid={`export-${ending}`}
      onClick={() => onSave(ending)}
    >
      <ExportIcon />
      <span>{name}</span>
    </button>
  );
}
