import { CLIENT_STATUSES, STATUS_LABELS } from "../data/statuses.ts";
import { numberOf, statusOf } from "../data/table-fields.ts";
import { formatAccuracy, formatBytes, formatCount, formatNumber, formatSeconds, plural } from "../format.ts";
import { MetricValue } from "../ui/metric-value.tsx";
import { placeName } from "../ui/place-name.ts";
import { StatusLabel, StatusMark } from "../ui/status-mark.tsx";
import { BYTES, ROUND_SHARE } from "./client-values.ts";
import type { Cluster } from "./clusters.ts";
import { colorLabel, colorText } from "./color-field.ts";
import type { Pointed } from "./map-view.ts";
import type { Scene } from "./scene.ts";
import "../styles/tooltip.css";

interface MarkTooltipProps {
  readonly pointed: Pointed;
  readonly scene: Scene;
  /** The value that the client is coloured by. */
  readonly value: number | undefined;
  /** The map's width, in CSS pixels. */
  readonly width: number;
}

/** What is known of a mark, beside it. */
export function MarkTooltip({ pointed: { client, cluster, at }, scene, value, width }: MarkTooltipProps) {
  return (
    <div
      class={`tooltip ${at.x > width / 2 ? "flip" : ""}`}
      style={{ left: `${at.x}px`, top: `clamp(86px, ${at.y}px, 100% - 86px)` }}
      role="tooltip"
    >
      {cluster === undefined ? (
        <ClientFacts client={client} scene={scene} value={value} />
      ) : (
        <ClusterFacts cluster={cluster} />
      )}
    </div>
  );
}

const SHOWN_ANYWAY: readonly string[] = ["local_accuracy", "local_loss", "train_time_sec", BYTES];

function ClientFacts({ client, scene, value }: { client: number; scene: Scene; value: number | undefined }) {
  const { clients, table, scale } = scene;
  const place = placeName({ city: clients.city[client], country: clients.country[client] });
  const field = scale?.field;
  return (
    <>
      <b>
        <bdi>{clients.ids[client]}</bdi>
      </b>
      {place !== undefined && (
        <span class="client-place">
          <bdi>{place}</bdi>
        </span>
      )}
      <StatusLabel status={statusOf(table, client)} />
      <dl>
        {field !== undefined && !SHOWN_ANYWAY.includes(field) && (
          <>
            <dt>{field === ROUND_SHARE ? "Rounds taken part in" : colorLabel(field)}</dt>
            <dd>{colorText(field, value)}</dd>
          </>
        )}
        <dt>Accuracy</dt>
        <dd>
          <MetricValue value={numberOf(table, client, "local_accuracy")} format={formatAccuracy} />
        </dd>
        <dt>Loss</dt>
        <dd>
          <MetricValue value={numberOf(table, client, "local_loss")} format={formatNumber} />
        </dd>
        <dt>Train time</dt>
        <dd>{formatSeconds(numberOf(table, client, "train_time_sec"))}</dd>
        <dt>Traffic</dt>
        <dd>
          ↑ {formatBytes(numberOf(table, client, "bytes_sent"))} ↓{" "}
          {formatBytes(numberOf(table, client, "bytes_received"))}
        </dd>
      </dl>
    </>
  );
}

function ClusterFacts({ cluster }: { cluster: Cluster }) {
  return (
    <>
      <b>{plural(cluster.count, "client")}</b>
      <ul>
        {CLIENT_STATUSES.map((status, code) => {
          const count = cluster.counts[code] ?? 0;
          return count === 0 ? null : (
            <li key={status} class="status-label">
              <StatusMark status={status} />
              {STATUS_LABELS[status]}
              <b class="tooltip-count">{formatCount(count)}</b>
            </li>
          );
        })}
      </ul>
      <span class="tooltip-hint">click to come closer</span>
    </>
  );
}
