import { STATUS_CODES, STATUS_LABELS } from "../data/statuses.ts";
import { formatCount } from "../format.ts";
import { useSession } from "../session.ts";
import { lazily } from "../ui/lazily.tsx";
import { StatusMark } from "../ui/status-mark.tsx";
import { STATUS_ORDER } from "./describe-scene.ts";
import { hasTerm, toggleTerm } from "./filter-term.ts";
import type { Scene } from "./scene.ts";

const ColorLegend = lazily(async () => (await import("./color-legend.tsx")).ColorLegend, <div class="color-legend" />);

/** What the marks mean, and how many clients there are of each status in the shown round. A click filters by it. */
export function Legend({ scene }: { scene: Scene }) {
  const { filter } = useSession().state;
  return (
    <div
      class={scene.scale === undefined ? "legend" : "legend by-value"}
      style={`--digits: ${formatCount(scene.count).length}`}
    >
      {scene.scale !== undefined && <ColorLegend scale={scene.scale} />}
      <ul aria-label="Legend">
        {STATUS_ORDER.map((status) => {
          const count = scene.counts[STATUS_CODES[status]] ?? 0;
          const term = `status:${status}`;
          return (
            <li key={status}>
              <button
                type="button"
                class={count === 0 ? "none" : undefined}
                data-status={status}
                data-value={count}
                aria-pressed={hasTerm(filter.value, term)}
                title={`Show only: ${STATUS_LABELS[status]}`}
                onClick={() => {
                  filter.value = toggleTerm(filter.value, term);
                }}
              >
                <StatusMark status={status} />
                {STATUS_LABELS[status]}
                <b>{formatCount(count)}</b>
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** What the lines on the map mean. */
export function FlowLegend({ scene }: { scene: Scene }) {
  if (scene.flows.length === 0) return null;
  const areRegions = scene.flows.some(({ isRegion }) => isRegion);
  return (
    <ul class="flow-legend" aria-label="Lines" data-overlay>
      <li class="up">Updates to the server{areRegions && ", by region"}</li>
      <li class="down">Model to the clients, while rounds go by</li>
    </ul>
  );
}
