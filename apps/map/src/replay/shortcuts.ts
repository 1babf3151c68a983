import type { Player } from "./player.ts";

/**
 * Lets the keyboard move the replay: Space, ←, →, Home, End, L. Keys that are meant for a control in focus are left to it.
 *
 * @returns a function that stops it
 */
export function listenToShortcuts(player: Player): () => void {
  const actions: Record<string, () => void> = {
    " ": () => player.toggle(),
    ArrowLeft: () => player.step(-1),
    ArrowRight: () => player.step(1),
    Home: () => player.step(Number.NEGATIVE_INFINITY),
    End: () => player.step(Number.POSITIVE_INFINITY),
    l: () => player.follow(),
    L: () => player.follow(),
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const action = actions[event.key];
    if (action === undefined || event.ctrlKey || event.metaKey || event.altKey || ownsKey(event)) return;
    event.preventDefault();
    action();
  };
  addEventListener("keydown", onKeyDown);
  return () => removeEventListener("keydown", onKeyDown);
}

function ownsKey({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches("input[type=range]")) return key.startsWith("Arrow") || key === "Home" || key === "End";
  if (target.matches("input, select, textarea")) return true;
  return key === " " && target.matches("button, summary, a");
}
