import { useSignal } from "@preact/signals";
import { saveFile } from "../charts/save-file.ts";
import { useSession } from "../session.ts";
import { ColumnsIcon, ExportIcon } from "./icons.tsx";
import { lazily } from "./lazily.tsx";

const ColumnChoices = lazily(async () => (await import("./column-choices.tsx")).ColumnChoices, null);

interface TableMenusProps {
  readonly choices: readonly string[];
  readonly shown: readonly string[];
  readonly order: Uint32Array;
}

/** Which columns the table has, and what is saved of it. */
export function TableMenus({ choices, shown, order }: TableMenusProps) {
  const { runId, data, table, player } = useSession();
  const isOpen = useSignal(false);

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
      <div
        id="column-menu"
        class="menu"
        popover="auto"
        onToggle={({ newState }) => {
          isOpen.value = newState === "open";
        }}
      >
        {isOpen.value && <ColumnChoices choices={choices} shown={shown} />}
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
