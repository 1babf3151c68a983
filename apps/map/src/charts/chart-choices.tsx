import { useSignal } from "@preact/signals";
import { toggled } from "../data/toggled.ts";
import { DEFAULT_CHARTS } from "../page-state.ts";
import { useSession } from "../session.ts";
import { type ChartChoice, chartChoices } from "./chart-list.ts";
import "../styles/chart-choices.css";

/** With more than these one must search. */
const SEARCH_FROM = 14;
/** With more than these, one must search for more. */
const MOST = 200;

/** All charts, to choose from. */
export function ChartChoices() {
  const { data, state } = useSession();
  const search = useSignal("");
  const chosen = state.charts.value;
  const all = chartChoices(data.overview.value);
  const words = search.value.trim().toLowerCase();
  const found = all.filter(({ id, title }) => `${title} ${id}`.toLowerCase().includes(words)).slice(0, MOST);
  const groups = [...new Set(found.map(({ group }) => group))];

  const toggle = (id: string): void => {
    state.charts.value = toggled(chosen, id);
  };
  return (
    <div class="menu-list">
      {all.length > SEARCH_FROM && (
        <input
          type="search"
          aria-label="Search metrics"
          placeholder="Search metrics"
          value={search.value}
          onInput={(event) => {
            search.value = event.currentTarget.value;
          }}
        />
      )}
      <div class="menu-scroll">
        {groups.map((group) => (
          <fieldset key={group}>
            <legend>{group}</legend>
            {found
              .filter((choice) => choice.group === group)
              .map((choice) => (
                <Choice key={choice.id} choice={choice} checked={chosen.includes(choice.id)} onToggle={toggle} />
              ))}
          </fieldset>
        ))}
        {found.length === 0 && <p class="empty">no such metric</p>}
      </div>
      <button
        type="button"
        onClick={() => {
          state.charts.value = DEFAULT_CHARTS;
        }}
      >
        The usual charts
      </button>
    </div>
  );
}

function Choice({ choice, checked, onToggle }: { choice: ChartChoice; checked: boolean; onToggle(id: string): void }) {
  return (
    <label>
      <input type="checkbox" checked={checked} onChange={() => onToggle(choice.id)} />
      <bdi>{choice.title}</bdi>
    </label>
  );
}
