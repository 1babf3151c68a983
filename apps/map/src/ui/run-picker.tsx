import { useRef } from "preact/hooks";
import { formatAge, formatDateTime, formatPercent, plural } from "../format.ts";
import type { RunEntry } from "../stream/run-list.ts";
import { ChevronIcon } from "./icons.tsx";
import { now } from "./now.ts";

interface RunPickerProps {
  readonly runs: readonly RunEntry[];
  readonly current: string;
  onPick(runId: string): void;
}

/** The open run's name, and behind it all the others. */
export function RunPicker({ runs, current, onPick }: RunPickerProps) {
  const popover = useRef<HTMLDivElement>(null);
  return (
    <div class="run-picker">
      <button type="button" class="run-button" popovertarget="runs" data-testid="run-picker">
        <span class="run-name">{current}</span>
        <ChevronIcon />
      </button>
      <div id="runs" class="run-menu" popover="auto" ref={popover}>
        <h2>Runs</h2>
        <ul data-testid="run-list">
          {runs.map((run) => (
            <RunItem
              key={run.runId}
              run={run}
              current={run.runId === current}
              onPick={() => {
                popover.current?.hidePopover();
                onPick(run.runId);
              }}
            />
          ))}
        </ul>
      </div>
    </div>
  );
}

function RunItem({ run, current, onPick }: { run: RunEntry; current: boolean; onPick: () => void }) {
  const { startedAt } = run;
  return (
    <li>
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
          {run.runId}
          {run.demo && <span class="badge demo">demo</span>}
        </span>
        <span class={`pill run-${run.status}`}>{run.status}</span>
        <span class="run-item-facts">
          <span class="run-algorithm">{run.algorithm}</span>
          {run.rounds !== undefined && <span>{plural(run.rounds, "round")}</span>}
          {run.clients !== undefined && <span>{plural(run.clients, "client")}</span>}
          {run.accuracy !== undefined && <span>accuracy {formatPercent(run.accuracy)}</span>}
          {startedAt !== undefined && (
            <time dateTime={startedAt} title={formatDateTime(startedAt)}>
              {formatAge(now.value - Date.parse(startedAt))} ago
            </time>
          )}
        </span>
      </button>
    </li>
  );
}
