import { effect } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { markShown } from "./mark-shown.ts";
import { listenToShortcuts, type Shortcut } from "./replay/shortcuts.ts";
import { readAddress } from "./run-address.ts";
import { openSession, type Session, SessionProvider } from "./session.ts";
import { AboutRun } from "./ui/about-run.tsx";
import { ClientPanel } from "./ui/client-panel.tsx";
import { Help } from "./ui/help.tsx";
import { lazily } from "./ui/lazily.tsx";
import { pageShortcuts } from "./ui/page-shortcuts.ts";
import { ReplayBar } from "./ui/replay-bar.tsx";
import { RunStatus } from "./ui/run-status.tsx";
import { RunView } from "./ui/run-view.tsx";
import { SearchBox } from "./ui/search-box.tsx";
import { TopBar } from "./ui/top-bar.tsx";

const EmbeddedPanel = lazily(async () => (await import("./ui/embedded-panel.tsx")).EmbeddedPanel, null);

interface RunPageProps {
  runId: string;
  /** The head of its map, if that is on a file server. */
  map?: string;
  /** Whether somebody asked for this run: its address says so even if nothing of it was chosen. Default true. */
  isPicked?: boolean;
  /** Up to which position the run has events, as far as the list of runs knows. */
  position?: number | undefined;
  children: ComponentChildren;
}

/** The page of a run. */
export function RunPage({ runId, map, isPicked = true, position = 0, children }: RunPageProps) {
  const [page, setPage] = useState<{ session: Session; shortcuts: readonly Shortcut[] } | undefined>(undefined);
  const { panel } = readAddress(location.search);

  useLayoutEffect(() => {
    const session = openSession({ runId, map, isPicked });
    markShown(session.table);
    const shortcuts = pageShortcuts(session);
    const stopShortcuts = listenToShortcuts(shortcuts);
    setPage({ session, shortcuts });
    const stopNaming = effect(() => {
      document.title = `${session.data.overview.value.runId} · HiveWatch`;
    });
    return () => {
      stopNaming();
      stopShortcuts();
      session.close();
    };
  }, [runId, map, isPicked]);

  useEffect(() => page?.session.data.hear(position), [page, position]);

  if (page === undefined) return null;
  if (panel !== undefined) {
    return (
      <SessionProvider value={page.session}>
        <EmbeddedPanel panel={panel} />
      </SessionProvider>
    );
  }
  return (
    <SessionProvider value={page.session}>
      <div class="page-scroll">
        <TopBar>
          {children}
          <AboutRun />
          <RunStatus />
          <SearchBox />
        </TopBar>
        <RunView />
      </div>
      <ReplayBar />
      <ClientPanel />
      <Help shortcuts={page.shortcuts} />
    </SessionProvider>
  );
}
