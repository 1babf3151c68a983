import { USUAL_GROUPS } from "../page-state.ts";
import { useSession } from "../session.ts";
import { fieldLabel } from "../ui/field-names.ts";
import { FieldSelect } from "./field-select.tsx";
import { groupChoices, NO_GROUPS } from "./host-grid.ts";

/** What the clients of a grid are grouped by. */
export function GroupSelect() {
  const { table, state } = useSession();
  const { groupBy } = state;
  const usual = [USUAL_GROUPS, NO_GROUPS, "country", "status"];
  const found = groupChoices(table.value);
  // A link may name a field that this round doesn’t have.
  const unknown = [groupBy.value].filter((name) => !usual.includes(name) && !found.includes(name));
  return (
    <FieldSelect label="Groups" testId="group-by" field={groupBy}>
      <option value={USUAL_GROUPS}>As suits the run</option>
      <option value={NO_GROUPS}>None</option>
      <option value="country">Country</option>
      <option value="status">Status</option>
      {[...found, ...unknown].map((name) => (
        <option key={name} value={name}>
          {fieldLabel(name).slice(0, 40)}
        </option>
      ))}
    </FieldSelect>
  );
}
