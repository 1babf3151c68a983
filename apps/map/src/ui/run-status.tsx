import { formatAge, formatDateTime } from "../format.ts";
import { useSession } from "../session.ts";
import { connectionState } from "../stream/connection.ts";
import { now } from "./now.ts";

/** Whether the run goes on, how old its newest event is, and how the page stands to it. */
export function RunStatus() {
  const { feed, snapshot } = useSession();
  const { state } = snapshot.value.model;
  const phase = feed.phase.value;
  const { lastEventAt } = state;
  const newest = feed.lastArrival.value ?? (lastEventAt === undefined ? undefined : Date.parse(lastEventAt));
  const age = newest === undefined ? undefined : Math.max(0, now.value - newest);
  const connection = connectionState(phase, state.status, age);
  const known = state.eventCount > 0;
  return (
    <div class="run-status">
      {state.config.demo === true && (
        <span class="badge demo" data-testid="demo-badge" title="This run's numbers are made up">
          demo
        </span>
      )}
      {known && (
        <span
          class={`pill run-${state.status}`}
          data-testid="run-status"
          data-status={state.status}
          title={state.statusReason}
        >
          {state.status}
        </span>
      )}
      <span class={`connection ${connection.state}`} data-testid="connection" data-state={connection.state}>
        <span class="dot" aria-hidden="true" />
        {connection.label}
      </span>
      {age !== undefined && lastEventAt !== undefined && (
        <span class="data-age" title={`newest event: ${formatDateTime(lastEventAt)}`}>
          last event {formatAge(age)} ago
        </span>
      )}
    </div>
  );
}
