import type { ComponentChildren } from "preact";
import { theme, toggleTheme } from "../theme.ts";
import { LogoIcon, MoonIcon, SunIcon } from "./icons.tsx";

/** The page's head: the name, what the open run puts there, and the theme. */
export function TopBar({ children }: { children?: ComponentChildren }) {
  const other = theme.value === "dark" ? "light" : "dark";
  return (
    <header class="top-bar">
      <h1 class="brand">
        <LogoIcon />
        <span>HiveWatch</span>
      </h1>
      {children}
      <button
        type="button"
        class="icon-button theme-toggle"
        aria-label={`Use the ${other} theme`}
        onClick={toggleTheme}
      >
        {other === "light" ? <SunIcon /> : <MoonIcon />}
      </button>
    </header>
  );
}
