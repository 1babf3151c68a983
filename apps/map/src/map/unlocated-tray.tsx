import { plural } from "../format.ts";
import { statusAt } from "../model/round-view.ts";
import { useSession } from "../session.ts";
import { StatusMark } from "../ui/status-mark.tsx";

const MAX_LISTED = 100;

/** The clients that said nothing about where they are. */
export function UnlocatedTray({ unlocated }: { unlocated: readonly number[] }) {
  const { snapshot, view, selected } = useSession();
  const { roster } = snapshot.value.model;
  if (unlocated.length === 0) return null;
  return (
    <details class="unlocated">
      <summary data-testid="unlocated-count" data-value={unlocated.length}>
        {plural(unlocated.length, "site")} without a place
      </summary>
      <ul>
        {unlocated.slice(0, MAX_LISTED).map((index) => (
          <li key={index}>
            <button
              type="button"
              onClick={() => {
                selected.value = roster[index];
              }}
            >
              <StatusMark status={statusAt(view.value, index)} />
              {roster[index]}
            </button>
          </li>
        ))}
        {unlocated.length > MAX_LISTED && <li class="more">and {plural(unlocated.length - MAX_LISTED, "other")}</li>}
      </ul>
    </details>
  );
}
