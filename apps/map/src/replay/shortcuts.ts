import { signal } from "@preact/signals";

/** A key and what it does. */
export interface Shortcut {
  /** As `KeyboardEvent.key` has them. */
  readonly keys: readonly string[];
  /** As people call them. */
  readonly shown: string;
  readonly label: string;
  act(): void;
}

const STORED = "hivewatch.shortcuts";

/** Whether single characters do something: people who speak to their computer may have to turn that off. */
export const hasShortcuts = signal(readStored());

/** Turns single characters on or off, and remembers it. */
export function setShortcuts(on: boolean): void {
  hasShortcuts.value = on;
  try {
    localStorage.setItem(STORED, on ? "on" : "off");
  } catch {
    // Where storage is forbidden, the choice lasts as long as the page.
  }
}

function readStored(): boolean {
  try {
    return localStorage.getItem(STORED) !== "off";
  } catch {
    return true;
  }
}

/**
 * Lets keys act. Those that are meant for a control in focus are left to it, and all while a dialog is open.
 *
 * @returns a function that stops it
 */
export function listenToShortcuts(shortcuts: readonly Shortcut[]): () => void {
  const actions = new Map(shortcuts.flatMap(({ keys, act }) => keys.map((key) => [key, act] as const)));
  const onKeyDown = (event: KeyboardEvent): void => {
    const act = actions.get(event.key);
    if (act === undefined || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (ownsKey(event) || document.querySelector("dialog[open]") !== null) return;
    if (event.key.length === 1 && event.key !== " " && !hasShortcuts.peek()) return;
    event.preventDefault();
    act();
  };
  addEventListener("keydown", onKeyDown);
  return () => removeEventListener("keydown", onKeyDown);
}

function ownsKey({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false;
  const isMove = key.startsWith("Arrow") || key === "Home" || key === "End";
  if (target.matches("input[type=range]")) return isMove;
  if (target.matches("input[type=checkbox], input[type=radio]")) return isMove || key === " ";
  if (target.matches("input, select, textarea")) return true;
  if (key === " ") return target.matches("button, summary, a");
  return isMove && target.closest("[role=tablist], [role=listbox], [data-owns-arrows]") !== null;
}
