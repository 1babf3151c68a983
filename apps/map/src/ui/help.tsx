import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
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

/** The help, while it is open. It goes with the page that it is on. */
export function Help({ shortcuts }: { shortcuts: readonly Shortcut[] }) {
  useEffect(() => closeHelp, []);
  return isOpen.value ? <HelpDialog shortcuts={shortcuts} onClose={closeHelp} /> : null;
}
