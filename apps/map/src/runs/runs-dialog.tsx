import { useMemo } from "preact/hooks";
import { useRowWindow } from "../charts/virtual-rows.ts";
import { plural } from "../format.ts";
import { RUN_ORDERS } from "../page-state.ts";
import { useSession } from "../session.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Comparison } from "./comparison.tsx";
import { RunItem } from "./run-item.tsx";
import { runLabels } from "./run-labels.ts";
import type { RunEntry } from "./run-list.ts";
import { RUN_ORDER_LABELS, searchRuns, sortRuns } from "./run-search.ts";
import "../styles/runs-dialog.css";

interface RunsDialogProps {
  readonly runs: readonly RunEntry[];
  readonly current: string;
  onPick(runId: string): void;
  onClose(): void;
}

/** In pixels; the style sheet has the same. */
const ROW_HEIGHT = 66;

/** All runs: to find one, to open it, and to lay some over the open one. */
export function RunsDialog({ runs, current, onPick, onClose }: RunsDialogProps) {
  const { state, compared } = useSession();

  const text = state.runs.value;
  const by = state.runOrder.value;
  const found = useMemo(() => sortRuns(searchRuns(runs, text), by), [runs, text, by]);
  const labels = useMemo(() => runLabels(runs), [runs]);
  const { ref, first, end, offset, height } = useRowWindow<HTMLDivElement>(found.length, ROW_HEIGHT);
  return (
    <Dialog
      name="runs"
      heading="Runs"
      note={
        <span class="panel-note" aria-live="polite">
          {found.length < runs.length ? `${found.length} of ${plural(runs.length, "run")}` : plural(runs.length, "run")}
        </span>
      }
      onClose={onClose}
      onKeyDown={onKeyDown}
    >
      <div class="runs-tools">
        <input
          type="search"
          aria-label="Search runs"
          placeholder="Id, algorithm, status, name=value"
          value={text}
          autofocus
          onInput={(event) => {
            state.runs.value = event.currentTarget.value;
          }}
        />
        <select
          aria-label="Order of runs"
          value={by}
          onChange={(event) => {
            state.runOrder.value = RUN_ORDERS.find((name) => name === event.currentTarget.value) ?? "newest";
          }}
        >
          {RUN_ORDERS.map((name) => (
            <option key={name} value={name}>
              {RUN_ORDER_LABELS[name]}
            </option>
          ))}
        </select>
      </div>
      <div class="runs-scroll" ref={ref}>
        <ul data-testid="run-list" style={{ minHeight: `${height}px`, paddingTop: `${offset}px` }}>
          {found.slice(first, end).map((run, i) => (
            <RunItem
              key={run.runId}
              run={run}
              labels={labels.get(run) ?? []}
              current={run.runId === current}
              place={first + i + 1}
              of={found.length}
              onPick={() => onPick(run.runId)}
            />
          ))}
        </ul>
        {found.length === 0 && (
          <p class="empty">{runs.length === 0 ? "There are no runs yet." : "No run is like that."}</p>
        )}
      </div>
      {compared.runs.value.length > 0 && <Comparison runs={runs} current={current} />}
    </Dialog>
  );
}

/** Arrows go from run to run; the page behind hears nothing. */
function onKeyDown(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  event.stopPropagation();
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  const { target, currentTarget } = event;
  if (step === 0 || !(target instanceof HTMLElement) || target instanceof HTMLSelectElement) return;
  const items = [...currentTarget.querySelectorAll<HTMLElement>(".run-item")];
  const at = items.findIndex((item) => item.parentElement?.contains(target));
  const next = at < 0 ? items[0] : items[at + step];
  if (next === undefined && at === 0) currentTarget.querySelector<HTMLElement>("input[type=search]")?.focus();
  next?.focus();
  event.preventDefault();
}
