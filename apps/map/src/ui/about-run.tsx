import { useSignal } from "@preact/signals";
import { InfoIcon } from "./icons.tsx";
import { lazily } from "./lazily.tsx";

const AboutDialog = lazily(async () => (await import("./about-dialog.tsx")).AboutDialog, null);

/** Leads to what the run is: its algorithm, its server and its configuration. */
export function AboutRun() {
  const isOpen = useSignal(false);
  return (
    <>
      <button
        type="button"
        class="icon-button"
        aria-label="About this run"
        aria-haspopup="dialog"
        title="About this run"
        data-testid="about-run"
        onClick={() => {
          isOpen.value = true;
        }}
      >
        <InfoIcon />
      </button>
      {isOpen.value && (
        <AboutDialog
          onClose={() => {
            isOpen.value = false;
          }}
        />
      )}
    </>
  );
}
