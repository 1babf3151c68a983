import { useSignal } from "@preact/signals";
import type { RunEntry } from "../runs/run-list.ts";
import { useSession } from "../session.ts";
import { fragmentForOther } from "../url-state.ts";
import { ChevronIcon } from "./icons.tsx";
import { lazily } from "./lazily.tsx";

const RunsDialog = lazily(async () => (await import("../runs/runs-dialog.tsx")).RunsDialog);

interface RunPickerProps {
  readonly runs: readonly RunEntry[];
  readonly current: string;
  /** @param fragment - what stays chosen, for the address of the other run */
  onPick(runId: string, fragment: string): void;
}

/** The open run's name, and behind it all the others. */
export function RunPicker({ runs, current, onPick }: RunPickerProps) {
  const { state, compared } = useSession();
  const isOpen = useSignal(false);
  const others = compared.runs.value.length;
  const open = (): void => {
    isOpen.value = true;
  };
  const close = (): void => {
    isOpen.value = false;
  };
  return (
    <div class="run-picker">
      <button
        type="button"
        class="run-button"
        data-testid="run-picker"
        aria-haspopup="dialog"
        title="All runs, and their comparison"
        onClick={open}
      >
        <bdi class="run-name">{current}</bdi>
        {others > 0 && <span class="badge run-others">+{others}</span>}
        <ChevronIcon />
      </button>
      {isOpen.value && (
        <RunsDialog
          runs={runs}
          current={current}
          onClose={close}
          onPick={(runId) => {
            close();
            onPick(runId, fragmentForOther(state));
          }}
        />
      )}
    </div>
  );
}
