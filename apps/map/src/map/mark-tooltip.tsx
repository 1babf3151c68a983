import { formatBytes, formatNumber, formatPercent, formatSeconds } from "../format.ts";
import { statusAt } from "../model/round-view.ts";
import { useSession } from "../session.ts";
import { MetricValue } from "../ui/metric-value.tsx";
import { placeName } from "../ui/place-name.ts";
import { StatusLabel } from "../ui/status-mark.tsx";
import type { Point } from "./plane.ts";

/** What is known of a mark, beside it. */
export function MarkTooltip({ index, at, flip }: { index: number; at: Point; flip: boolean }) {
  const { snapshot, view } = useSession();
  const { model } = snapshot.value;
  const id = model.roster[index] ?? "";
  const metrics = view.value.metrics[index];
  const place = placeName(model.state.clients.get(id)?.latest);
  return (
    <div
      class={`tooltip ${flip ? "flip" : ""}`}
      style={{ left: `${at.x}px`, top: `clamp(86px, ${at.y}px, 100% - 86px)` }}
      role="tooltip"
    >
      <b>{id}</b>
      {place !== undefined && <span class="client-place">{place}</span>}
      <StatusLabel status={statusAt(view.value, index)} />
      <dl>
        <dt>Accuracy</dt>
        <dd>
          <MetricValue value={metrics?.local_accuracy} format={formatPercent} />
        </dd>
        <dt>Loss</dt>
        <dd>
          <MetricValue value={metrics?.local_loss} format={formatNumber} />
        </dd>
        <dt>Train time</dt>
        <dd>{formatSeconds(metrics?.train_time_sec)}</dd>
        <dt>Traffic</dt>
        <dd>
          ↑ {formatBytes(metrics?.bytes_sent)} ↓ {formatBytes(metrics?.bytes_received)}
        </dd>
      </dl>
    </div>
  );
}
