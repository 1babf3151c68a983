import { Swatch } from "../charts/swatch.tsx";
import { formatAccuracy, formatAge, formatDateTime, plural } from "../format.ts";
import { useSession } from "../session.ts";
import { now } from "../ui/now.ts";
import type { RunLabel } from "./run-labels.ts";
import { lineOfRun, MAX_COMPARED, OWN_LINE } from "./run-lines.ts";
import type { RunEntry } from "./run-list.ts";

interface RunItemProps {
  readonly run: RunEntry;
  readonly labels: readonly RunLabel[];
  readonly current: boolean;
  /** Which it is of how many, from 1: not all of them are in the document. */
  readonly place: number;
  readonly of: number;
  onPick(): void;
}

/** A run in the list: opened by a click, compared by its box. */
export function RunItem({ run, labels, current, place, of, onPick }: RunItemProps) {
  const { startedAt } = run;
  return (
    <li class="run-row" aria-setsize={of} aria-posinset={place}>
      <CompareBox runId={run.runId} current={current} />
      <button
        type="button"
        class="run-item"
        data-testid="run-item"
        data-run-id={run.runId}
        data-status={run.status}
        aria-current={current ? "true" : undefined}
        onClick={onPick}
      >
        <span class="run-item-name">
          <bdi>{run.runId}</bdi>
          {run.demo && <span class="badge demo">demo</span>}
        </span>
        <span class={`pill run-${run.status}`}>{run.status}</span>
        <span class="run-item-facts">
          <bdi class="run-algorithm">{run.algorithm}</bdi>
          {run.rounds !== undefined && <span>{plural(run.rounds, "round")}</span>}
          {run.clients !== undefined && <span>{plural(run.clients, "client")}</span>}
          {run.accuracy !== undefined && <span>accuracy {formatAccuracy(run.accuracy)}</span>}
          {startedAt !== undefined && (
            <time dateTime={startedAt} title={formatDateTime(startedAt)}>
              {formatAge(now.value - Date.parse(startedAt))} ago
            </time>
          )}
        </span>
        {labels.length > 0 && (
          <span class="run-labels">
            {labels.map(({ name, value }) => (
              <span key={name} class="run-label" title={`${name} = ${value}`.slice(0, 500)}>
                <bdi>{name.slice(0, 60)}</bdi> <b>{value.slice(0, 60)}</b>
              </span>
            ))}
          </span>
        )}
      </button>
    </li>
  );
}

function CompareBox({ runId, current }: { runId: string; current: boolean }) {
  const { state, compared: comparison } = useSession();
  const compared = comparison.runs.value.map((run) => run.runId);
  const place = compared.indexOf(runId);
  const line = current ? OWN_LINE : place < 0 ? undefined : lineOfRun(place);
  return (
    <label class="compare-box" title={current ? "the open run" : "Compare with the open run"}>
      <input
        type="checkbox"
        aria-label={`Compare ${runId}`}
        checked={current || place >= 0}
        disabled={current || (place < 0 && compared.length >= MAX_COMPARED)}
        onChange={() => {
          state.compared.value = place < 0 ? [...compared, runId] : compared.filter((id) => id !== runId);
        }}
      />
      {line !== undefined && <Swatch line={line} />}
    </label>
  );
}
