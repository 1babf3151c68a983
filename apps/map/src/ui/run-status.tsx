import type { RunStatus as Status } from "@hivewatch/core";
import { useComputed } from "@preact/signals";
import type { Connection } from "../data/run-data.ts";
import { formatAge, formatDateTime, plural } from "../format.ts";
import { useSession } from "../session.ts";
import { connectionState } from "./connection-state.ts";
import { now } from "./now.ts";

/**
 * Whether the run goes on, how old its newest event is, and how the page stands to it.
 *
 * @param isAlone - whether there is no replay bar, which says how far behind a running run the page is
 */
export function RunStatus({ isAlone = false }: { isAlone?: boolean }) {
  const { data, player } = useSession();
  const { config, status, statusReason, lastEventAt, events } = data.overview.value;
  const { phase, lastArrival } = data.connection.value;
  const newest = lastArrival ?? lastEventAt;
  const age = newest === undefined ? undefined : now.value - newest;
  const connection = connectionState(phase, status, age);
  const behind = player.behind.value;
  const label = useComputed(() => spokenState(data.connection.value.phase, data.overview.value.status));
  return (
    <div class="run-status">
      {config.demo === true && (
        <span class="badge demo" data-testid="demo-badge" title="This run's numbers are made up">
          demo
        </span>
      )}
      {events > 0 && (
        <span class={`pill run-${status}`} data-testid="run-status" data-status={status} title={statusReason}>
          {status}
        </span>
      )}
      <span
        class={`connection ${connection.state}`}
        data-testid="connection"
        data-state={connection.state}
        data-read={data.progress.value}
      >
        <span class="dot" aria-hidden="true" />
        {connection.label}
      </span>
      {age !== undefined && lastEventAt !== undefined && connection.state !== "silent" && (
        <span class="data-age" data-testid="data-age" title={`newest event: ${formatDateTime(lastEventAt)}`}>
          <AgeText age={age} />
        </span>
      )}
      {isAlone && behind > 0 && (
        <button
          type="button"
          class="behind"
          data-testid="behind"
          title="To the newest round (L)"
          onClick={player.follow}
        >
          behind live: {plural(behind, "round")}, <u>jump</u>
        </button>
      )}
      <span class="visually-hidden" role="status">
        {label}
      </span>
    </div>
  );
}

/** Clocks of several computers differ a little. */
const SAME_CLOCK_MS = 60_000;

function AgeText({ age }: { age: number }) {
  if (age < -SAME_CLOCK_MS) return <>its clock is {formatAge(-age)} ahead</>;
  return (
    <>
      <span class="data-age-word">last event </span>
      {formatAge(age)} ago
    </>
  );
}

/** What is worth saying aloud: what changes seldom. */
function spokenState(phase: Connection["phase"], status: Status): string {
  const { label } = connectionState(phase, status, undefined);
  return label === "finished" ? `The run is over: ${status}` : `The page is ${label.replace("…", "")}`;
}
