import type { ComponentChildren } from "preact";
import { nextTheme, themeChoice } from "../theme.ts";
import { openHelp } from "./help.tsx";
import { HelpIcon, LogoIcon, MoonIcon, SunIcon, SystemIcon } from "./icons.tsx";

const THEME_ICONS = { system: SystemIcon, light: SunIcon, dark: MoonIcon };

/** The page's head: the name, what the open run puts there, the theme and the help. */
export function TopBar({ children }: { children?: ComponentChildren }) {
  const choice = themeChoice.value;
  const ThemeIcon = THEME_ICONS[choice];
  return (
    <header class="top-bar">
      <h1 class="brand">
        <LogoIcon />
        <span>HiveWatch</span>
      </h1>
      {children}
      <div class="top-buttons">
        <button
          type="button"
          class="icon-button"
          aria-label={`Theme: ${choice}. Change it`}
          title={`Theme: ${choice}`}
          data-testid="theme"
          data-theme={choice}
          onClick={nextTheme}
        >
          <ThemeIcon />
        </button>
        <button
          type="button"
          class="icon-button"
          aria-label="Help"
          aria-haspopup="dialog"
          title="Help (?)"
          data-testid="help"
          onClick={openHelp}
        >
          <HelpIcon />
        </button>
      </div>
    </header>
  );
}
