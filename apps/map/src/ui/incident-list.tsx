import type { Incident } from "@hivewatch/core";
import { useSignal } from "@preact/signals";
import { formatClock, formatCount, formatDateTime } from "../format.ts";
import type { ClientStatus } from "../model/client-status.ts";
import { useSession } from "../session.ts";
import { StatusMark } from "./status-mark.tsx";

type Kind = Incident["kind"];

const KINDS: Record<Kind, { label: string; filter: string; mark: ClientStatus }> = {
  dropout: { label: "dropped out", filter: "Dropouts", mark: "dropped" },
  comm_failure: { label: "failed", filter: "Failures", mark: "failed" },
  non_finite: { label: "sent a value that is not finite", filter: "NaN", mark: "non_finite" },
  recovered: { label: "recovered", filter: "Recovered", mark: "active" },
};

const FILTERS: readonly Kind[] = ["dropout", "comm_failure", "non_finite", "recovered"];

/** Older ones are found through their kind, client or round. */
const MAX_INCIDENTS = 200;

/** What went wrong over the whole run, the newest first. */
export function IncidentList() {
  const { snapshot } = useSession();
  const filter = useSignal<Kind | undefined>(undefined);
  const all = snapshot.value.model.state.incidents;
  const counts = countKinds(all);
  const shown = newest(all, filter.value);
  const total = filter.value === undefined ? all.length : counts[filter.value];
  return (
    <section class="panel incidents" aria-labelledby="incidents-heading">
      <header class="panel-head">
        <h2 id="incidents-heading">Incidents</h2>
        <span class="panel-note">
          {total > shown.length ? `newest ${shown.length} of ${formatCount(total)}` : formatCount(total)}
        </span>
      </header>
      <div class="chips">
        {FILTERS.filter((kind) => counts[kind] > 0).map((kind) => (
          <button
            key={kind}
            type="button"
            class="chip"
            aria-pressed={filter.value === kind}
            onClick={() => {
              filter.value = filter.value === kind ? undefined : kind;
            }}
          >
            <StatusMark status={KINDS[kind].mark} />
            {KINDS[kind].filter}
            <small>{formatCount(counts[kind])}</small>
          </button>
        ))}
      </div>
      <ul>
        {shown.map(({ incident, position }) => (
          <IncidentItem key={position} incident={incident} />
        ))}
      </ul>
      {all.length === 0 && <p class="empty">Nothing has gone wrong so far</p>}
    </section>
  );
}

/** One incident, which leads to its client and round. */
export function IncidentItem({ incident }: { incident: Incident }) {
  const { player, selected } = useSession();
  const { kind, round, clientId, detail, timestamp } = incident;
  return (
    <li>
      <button
        type="button"
        class={`incident ${round !== null && round === player.round.value ? "in-round" : ""}`}
        data-testid="incident"
        data-kind={kind}
        data-client-id={clientId}
        data-round={round}
        onClick={() => {
          selected.value = clientId;
          if (round !== null) player.seek(round);
        }}
      >
        <StatusMark status={KINDS[kind].mark} />
        <span class="incident-text">
          <b>{clientId}</b> {KINDS[kind].label}
          {detail !== "" && <span class="incident-detail">{detail}</span>}
        </span>
        <span class="incident-when">
          {round !== null && <span>round {round}</span>}
          <time dateTime={timestamp} title={formatDateTime(timestamp)}>
            {formatClock(timestamp)}
          </time>
        </span>
      </button>
    </li>
  );
}

function countKinds(incidents: readonly Incident[]): Record<Kind, number> {
  const counts = { dropout: 0, comm_failure: 0, non_finite: 0, recovered: 0 };
  for (const { kind } of incidents) counts[kind]++;
  return counts;
}

function newest(incidents: readonly Incident[], kind: Kind | undefined): { incident: Incident; position: number }[] {
  const found: { incident: Incident; position: number }[] = [];
  for (let position = incidents.length - 1; position >= 0 && found.length < MAX_INCIDENTS; position--) {
    const incident = incidents[position];
    if (incident !== undefined && (kind === undefined || incident.kind === kind)) found.push({ incident, position });
  }
  return found;
}
