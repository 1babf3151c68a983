import { computed, effect, signal } from "@preact/signals";
import { getOrAdd } from "./data/get-or-add.ts";

type Theme = "light" | "dark";

/** What the reader chose. */
export type ThemeChoice = (typeof CHOICES)[number];

const CHOICES = ["system", "light", "dark"] as const;
const KEY = "hivewatch.theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const systemTheme = signal<Theme>(system.matches ? "dark" : "light");

/** What the reader chose: a theme, or to go with the system. */
export const themeChoice = signal<ThemeChoice>(readChoice());

/** The theme on screen. */
export const theme = computed<Theme>(() => (themeChoice.value === "system" ? systemTheme.value : themeChoice.value));

/** Goes on to the next choice, and remembers it. */
export function nextTheme(): void {
  themeChoice.value = CHOICES[(CHOICES.indexOf(themeChoice.value) + 1) % CHOICES.length] ?? "system";
  try {
    localStorage.setItem(KEY, themeChoice.value);
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

const colors = new Map<string, string>();

/** A colour of the theme, by the name of its property. To ask the document each time would have it laid out for it. */
export function themeColor(name: string): string {
  const read = (): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  return getOrAdd(colors, `${theme.peek()} ${name}`, read);
}

function readChoice(): ThemeChoice {
  try {
    const stored = localStorage.getItem(KEY);
    return CHOICES.find((choice) => choice === stored) ?? "system";
  } catch {
    return "system";
  }
}
