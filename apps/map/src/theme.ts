import { computed, effect, signal } from "@preact/signals";

type Theme = "light" | "dark";

const KEY = "hivewatch.theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const systemTheme = signal<Theme>(system.matches ? "dark" : "light");
const chosen = signal(readChosen());

/** The theme on screen: what the reader chose, else what the system prefers. */
export const theme = computed<Theme>(() => chosen.value ?? systemTheme.value);

/** Switches to the other theme, and remembers it. */
export function toggleTheme(): void {
  chosen.value = theme.value === "dark" ? "light" : "dark";
  try {
    localStorage.setItem(KEY, chosen.value);
  } catch {
    // Where storage is forbidden, the choice lasts as long as the page.
  }
}

/** Keeps the document in the theme. */
export function applyTheme(): void {
  system.addEventListener("change", () => {
    systemTheme.value = system.matches ? "dark" : "light";
  });
  effect(() => {
    document.documentElement.dataset.theme = theme.value;
  });
}

function readChosen(): Theme | undefined {
  try {
    const stored = localStorage.getItem(KEY);
    return stored === "dark" || stored === "light" ? stored : undefined;
  } catch {
    return undefined;
  }
}
