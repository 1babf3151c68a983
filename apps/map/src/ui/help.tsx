import { signal } from "@preact/signals";
import type { Shortcut } from "../replay/shortcuts.ts";
import { lazily } from "./lazily.tsx";

const HelpDialog = lazily(async () => (await import("./help-dialog.tsx")).HelpDialog, null);

const isOpen = signal(false);

/** Opens the help, from wherever. */
export function openHelp(): void {
  isOpen.value = true;
}

function closeHelp(): void {
  isOpen.value = false;
}

/** The help, while it is open. */
export function Help({ shortcuts }: { shortcuts: readonly Shortcut[] }) {
  return isOpen.value ? <HelpDialog shortcuts={shortcuts} onClose={closeHelp} /> : null;
}
