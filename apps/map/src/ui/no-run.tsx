import { useEffect } from "preact/hooks";
import { listenToShortcuts } from "../replay/shortcuts.ts";
import { Help } from "./help.tsx";
import { GENERAL_SHORTCUTS } from "./page-shortcuts.ts";
import { TopBar } from "./top-bar.tsx";

/** The page while there is no run. */
export function NoRun({ reached }: { reached: boolean }) {
  useEffect(() => listenToShortcuts(GENERAL_SHORTCUTS), []);
  return (
    <>
      <TopBar />
      <NoRunNote reached={reached} />
      <Help shortcuts={GENERAL_SHORTCUTS} />
    </>
  );
}

function NoRunNote({ reached }: { reached: boolean }) {
  return (
    <main class="no-run">
      <h2>{reached ? "No run yet" : "Connecting…"}</h2>
      {reached && (
        <>
          <p>This page opens the first run as soon as it starts.</p>
          <p>
            To see one now: <code>hivewatch demo</code>
          </p>
        </>
      )}
    </main>
  );
}
