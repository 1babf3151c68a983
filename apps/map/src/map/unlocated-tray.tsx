import { useSignal } from "@preact/signals";
import { CLIENT_STATUSES } from "../data/statuses.ts";
import { plural } from "../format.ts";
import { StatusMark } from "../ui/status-mark.tsx";
import type { Scene } from "./scene.ts";

const MAX_LISTED = 100;

/** The clients that said nothing about where they are, those in trouble first. */
export function UnlocatedTray({ scene, onOpen }: { scene: Scene; onOpen: (client: number) => void }) {
  const isOpen = useSignal(false);
  const count = scene.count - scene.places.located;
  if (count === 0) return null;
  return (
    <details
      class="unlocated"
      onToggle={(event) => {
        isOpen.value = event.currentTarget.open;
      }}
    >
      <summary data-overlay data-testid="unlocated-count" data-value={count}>
        {plural(count, "client")} without a place
      </summary>
      {isOpen.value && (
        <ul>
          {gravestUnlocated(scene).map((client) => (
            <li key={client}>
              <button type="button" onClick={() => onOpen(client)}>
                <StatusMark status={CLIENT_STATUSES[scene.status[client] ?? -1] ?? "idle"} />
                <bdi>{scene.clients.ids[client]}</bdi>
              </button>
            </li>
          ))}
          {count > MAX_LISTED && <li class="more">and {plural(count - MAX_LISTED, "other")}</li>}
        </ul>
      )}
    </details>
  );
}

function gravestUnlocated({ count, places, status }: Scene): number[] {
  const found: number[] = [];
  for (let wanted = 0; wanted < CLIENT_STATUSES.length; wanted++) {
    for (let client = 0; client < count && found.length < MAX_LISTED; client++) {
      if (status[client] === wanted && Number.isNaN(places.lat[client])) found.push(client);
    }
  }
  return found;
}
