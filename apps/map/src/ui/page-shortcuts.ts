import { TABS } from "../page-state.ts";
import type { Shortcut } from "../replay/shortcuts.ts";
import type { Session } from "../session.ts";
import { nextTheme } from "../theme.ts";
import { openHelp } from "./help.tsx";
import { SEARCH_ID } from "./search-box.tsx";

/** What the keys do on any page. */
export const GENERAL_SHORTCUTS: readonly Shortcut[] = [
  { keys: ["t", "T"], shown: "T", label: "change the theme", act: nextTheme },
  { keys: ["?"], shown: "?", label: "this help", act: openHelp },
];

/** What the keys do on the page of a run. */
export function pageShortcuts({ player, state }: Session): Shortcut[] {
  return [
    { keys: [" "], shown: "Space", label: "play or pause", act: player.toggle },
    { keys: ["ArrowLeft", ","], shown: "← or ,", label: "the round before", act: () => player.step(-1) },
    { keys: ["ArrowRight", "."], shown: "→ or .", label: "the next round", act: () => player.step(1) },
    { keys: ["Home"], shown: "Home", label: "the first round", act: () => player.step(Number.NEGATIVE_INFINITY) },
    { keys: ["End"], shown: "End", label: "the newest round", act: () => player.step(Number.POSITIVE_INFINITY) },
    { keys: ["l", "L"], shown: "L", label: "follow the newest round", act: player.follow },
    { keys: ["<"], shown: "<", label: "play slower", act: () => player.changeSpeed(-1) },
    { keys: [">"], shown: ">", label: "play faster", act: () => player.changeSpeed(1) },
    {
      keys: ["r", "R"],
      shown: "R",
      label: "repeat, or not",
      act: () => {
        state.loop.value = !state.loop.peek();
      },
    },
    { keys: ["/"], shown: "/", label: "find clients", act: () => document.getElementById(SEARCH_ID)?.focus() },
    ...TABS.map((tab, i) => ({
      keys: [String(i + 1)],
      shown: String(i + 1),
      label: `show ${tab}`,
      act: () => {
        state.tab.value = tab;
        state.view.value = "clients";
      },
    })),
    ...GENERAL_SHORTCUTS,
  ];
}
