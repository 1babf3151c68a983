import { batch } from "@preact/signals";
import { useSession } from "../session.ts";
import { fieldLabel } from "../ui/field-names.ts";

/** Which field of the clients is looked at. */
export function MetricSelect() {
  const { data, state } = useSession();
  const { metrics } = data.overview.value;
  const current = state.metric.value;
  const all = metrics.includes(current) ? metrics : [current, ...metrics];
  return (
    <select
      aria-label="Metric"
      value={current}
      onChange={(event) => {
        const name = event.currentTarget.value;
        batch(() => {
          state.metric.value = name;
          state.page.value = 0;
        });
      }}
    >
      {all.map((name) => (
        <option key={name} value={name}>
          {fieldLabel(name).slice(0, 80)}
        </option>
      ))}
    </select>
  );
}
