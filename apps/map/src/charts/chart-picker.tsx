import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { lazily } from "../ui/lazily.tsx";
import { useDismiss } from "./use-dismiss.ts";

const ChartChoices = lazily(async () => (await import("./chart-choices.tsx")).ChartChoices, null);

/** Which charts are shown. */
export function ChartPicker() {
  const details = useRef<HTMLDetailsElement>(null);
  const isOpen = useSignal(false);
  useDismiss(details);
  return (
    <details
      class="chart-picker"
      ref={details}
      onToggle={({ currentTarget }) => {
        isOpen.value = currentTarget.open;
      }}
    >
      <summary class="small-button">Choose</summary>
      {isOpen.value && <ChartChoices />}
    </details>
  );
}
