import { PROJECTIONS, type Projection } from "../page-state.ts";
import { useSession } from "../session.ts";
import { lazily } from "../ui/lazily.tsx";
import { colorLabel } from "./color-field.ts";
import { FieldSelect } from "./field-select.tsx";
import { BY_STATUS, colorFields } from "./scene.ts";

const PROJECTION_LABELS: Readonly<Record<Projection, string>> = {
  "equal-earth": "Equal Earth",
  mercator: "Mercator",
  globe: "Globe",
};

/** What the map shows, and how. */
export function MapHead({ isGrid, onSave }: { isGrid: boolean; onSave: () => void }) {
  const { projection, borders } = useSession().state;
  return (
    <header class="panel-head map-head">
      <h2>{isGrid ? "Clients" : "Map"}</h2>
      <ColorSelect />
      {isGrid && <GroupSelect />}
      {!isGrid && (
        <>
          <fieldset class="projections">
            <legend>Projection</legend>
            {PROJECTIONS.map((name) => (
              <label key={name}>
                <input
                  type="radio"
                  name="projection"
                  value={name}
                  checked={projection.value === name}
                  onChange={() => {
                    projection.value = name;
                  }}
                />
                <span class="projection-name">{PROJECTION_LABELS[name]}</span>
              </label>
            ))}
          </fieldset>
          <label class="borders">
            <input
              type="checkbox"
              checked={borders.value}
              onChange={(event) => {
                borders.value = event.currentTarget.checked;
              }}
            />
            Borders
          </label>
        </>
      )}
      <button type="button" class="save-map" aria-label="Save the map as PNG" onClick={onSave}>
        PNG
      </button>
    </header>
  );
}

function ColorSelect() {
  const { data, state } = useSession();
  const { colorBy } = state;
  const { main, others } = colorFields(data.overview.value.metrics);
  // A link may name a field that this run doesn’t have.
  const unknown = [colorBy.value].filter(
    (name) => name !== BY_STATUS && !main.includes(name) && !others.includes(name),
  );
  return (
    <FieldSelect label="Colour" testId="color-by" field={colorBy}>
      <option value={BY_STATUS}>{colorLabel(BY_STATUS)}</option>
      {[...main, ...unknown].map(option)}
      {others.length > 0 && <optgroup label="Other metrics">{others.map(option)}</optgroup>}
    </FieldSelect>
  );
}

const GroupSelect = lazily(async () => (await import("./group-select.tsx")).GroupSelect, null);

const MAX_LABEL = 40;

function option(field: string) {
  const label = colorLabel(field);
  return (
    <option key={field} value={field}>
      {label.length > MAX_LABEL ? `${label.slice(0, MAX_LABEL - 1)}…` : label}
    </option>
  );
}
