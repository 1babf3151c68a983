import { useSession } from "../session.ts";
import { columnOf } from "./table-columns.ts";
import "../styles/choices.css";

interface ColumnChoicesProps {
  readonly choices: readonly string[];
  readonly shown: readonly string[];
}

/** Which columns the table of clients has. */
export function ColumnChoices({ choices, shown }: ColumnChoicesProps) {
  const { state } = useSession();

  function toggle(field: string, on: boolean): void {
    const wanted = new Set(shown);
    if (on) wanted.add(field);
    else wanted.delete(field);
    state.columns.value = choices.filter((name) => wanted.has(name));
  }

  return (
    <>
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
    </>
  );
}
