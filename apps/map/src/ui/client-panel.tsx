import { useEffect, useRef } from "preact/hooks";
import { Sparkline } from "../charts/sparkline.tsx";
import { formatDateTime, formatNumber, formatPercent, formatSeconds, plural } from "../format.ts";
import { clientHistory, clientIncidents, type HistoryEntry, reportedFields } from "../model/client-history.ts";
import { type ClientField, fieldValue } from "../model/client-rows.ts";
import { STATUS_LABELS } from "../model/client-status.ts";
import { statusAt } from "../model/round-view.ts";
import { useSession } from "../session.ts";
import { fieldLabel, fieldText } from "./field-names.ts";
import { CloseIcon } from "./icons.tsx";
import { IncidentItem } from "./incident-list.tsx";
import { MetricValue } from "./metric-value.tsx";
import { placeName } from "./place-name.ts";
import { StatusLabel } from "./status-mark.tsx";

const SPARKLINES: readonly { field: ClientField; label: string; format: typeof formatNumber }[] = [
  { field: "local_accuracy", label: "Accuracy", format: formatPercent },
  { field: "local_loss", label: "Loss", format: formatNumber },
  { field: "train_time_sec", label: "Train time", format: formatSeconds },
];

const MAX_INCIDENTS = 20;

/** All that is known of the selected client: in the shown round, and over the run. */
export function ClientPanel() {
  const { snapshot, view, player, selected } = useSession();
  const panel = useRef<HTMLElement>(null);
  const id = selected.value;
  const { model } = snapshot.value;
  const index = id === undefined ? undefined : model.rosterIndex.get(id);
  const open = id !== undefined && index !== undefined;

  useEffect(() => {
    if (!open) return undefined;
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.key === "Escape") selected.value = undefined;
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, [open, selected]);

  useEffect(() => {
    if (id !== undefined) panel.current?.focus({ preventScroll: true });
  }, [id]);

  if (!open) return null;
  const known = model.state.clients.get(id);
  const history = clientHistory(model, id);
  const incidents = clientIncidents(model, id);
  const metrics = view.value.metrics[index];
  return (
    <aside
      class="client-panel"
      aria-label={`Client ${id}`}
      data-testid="client-panel"
      data-client-id={id}
      ref={panel}
      tabIndex={-1}
    >
      <header>
        <div>
          <h2>{id}</h2>
          <p class="client-place">{placeName(known?.latest) ?? "no place reported"}</p>
        </div>
        <StatusLabel status={statusAt(view.value, index)} />
        <button
          type="button"
          class="icon-button"
          aria-label="Close"
          onClick={() => {
            selected.value = undefined;
          }}
        >
          <CloseIcon />
        </button>
      </header>
      <h3>Over the run</h3>
      {SPARKLINES.map(({ field, label, format }) => (
        <div class="spark-row" key={field}>
          <span>{label}</span>
          <Sparkline
            label={`${label} over the rounds`}
            values={history.map((entry) => fieldValue(entry.metrics, field) ?? null)}
            at={player.index.value}
          />
          <span class="number">
            <MetricValue value={fieldValue(metrics, field)} format={format} />
          </span>
        </div>
      ))}
      <Participation history={history} />
      <p class="client-facts">
        {plural(known?.rounds.length ?? 0, "result")}, {plural(known?.dropouts ?? 0, "dropout")},{" "}
        {plural(known?.failures ?? 0, "failure")}
        {known !== undefined && `; last heard of ${formatDateTime(known.lastSeen)}`}
      </p>
      <h3>Round {player.round.value}</h3>
      {metrics === undefined || reportedFields(metrics).length === 0 ? (
        <p class="empty">Nothing reported in this round</p>
      ) : (
        <dl>
          {reportedFields(metrics).map(([name, value]) => (
            <div key={name} class={typeof value === "number" && !Number.isFinite(value) ? "non-finite" : undefined}>
              <dt>{fieldLabel(name)}</dt>
              <dd>{fieldText(name, value)}</dd>
            </div>
          ))}
        </dl>
      )}
      <h3>Incidents</h3>
      {incidents.length === 0 ? (
        <p class="empty">None</p>
      ) : (
        <ul class="incident-list">
          {incidents.slice(0, MAX_INCIDENTS).map((incident) => (
            <IncidentItem key={`${incident.timestamp} ${incident.kind}`} incident={incident} />
          ))}
        </ul>
      )}
    </aside>
  );
}

/** A cell for each round, coloured by how the client stood. */
function Participation({ history }: { history: readonly HistoryEntry[] }) {
  const { player } = useSession();
  return (
    <svg
      class="participation"
      viewBox={`0 0 ${Math.max(history.length, 1)} 1`}
      preserveAspectRatio="none"
      role="img"
      aria-label="How the client stood in each round"
    >
      {history.map(({ round, status }, position) => (
        <rect
          key={round}
          class={`status-${status} ${round === player.round.value ? "shown" : ""}`}
          x={position + 0.08}
          width="0.84"
          height="1"
        >
          <title>{`Round ${round}: ${STATUS_LABELS[status]}`}</title>
        </rect>
      ))}
    </svg>
  );
}
