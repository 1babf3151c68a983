import { Swatch } from "../charts/swatch.tsx";
import { useSession } from "../session.ts";
import { CloseIcon } from "../ui/icons.tsx";
import type { ComparedRun } from "./compared-runs.ts";
import { OWN_LINE } from "./run-lines.ts";
import "../styles/compared-legend.css";

/** The runs that the charts show, where there are several. */
export function ComparedLegend() {
  const { compared, runId } = useSession();
  return (
    <ul class="compared-legend" aria-label="Compared runs">
      <li>
        <Swatch line={OWN_LINE} />
        <bdi>{runId}</bdi>
      </li>
      {compared.runs.value.map((run) => (
        <Entry key={run.runId} run={run} />
      ))}
    </ul>
  );
}

function Entry({ run: { runId, line, phase } }: { run: ComparedRun }) {
  const { state } = useSession();
  return (
    <li>
      <Swatch line={line} />
      <bdi>{runId}</bdi>
      {phase === "loading" && <small>loading…</small>}
      {phase === "missing" && <small>has no map</small>}
      {phase === "unreachable" && <small>can’t be reached</small>}
      <button
        type="button"
        class="icon-button"
        aria-label={`No longer compare ${runId}`}
        onClick={() => {
          state.compared.value = state.compared.value.filter((id) => id !== runId);
        }}
      >
        <CloseIcon />
      </button>
    </li>
  );
}
