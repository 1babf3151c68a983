import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { markShown } from "./mark-shown.ts";
import { listenToShortcuts, type Shortcut } from "./replay/shortcuts.ts";
import { defaultRun, type RunList } from "./runs/run-list.ts";
import { openSession, type Session, SessionProvider } from "./session.ts";
import { ClientPanel } from "./ui/client-panel.tsx";
import { EmbeddedPanel } from "./ui/embedded-panel.tsx";
import { Help } from "./ui/help.tsx";
import { NoRun } from "./ui/no-run.tsx";
import { pageShortcuts } from "./ui/page-shortcuts.ts";
import { ReplayBar } from "./ui/replay-bar.tsx";
import { RunPicker } from "./ui/run-picker.tsx";
import { RunStatus } from "./ui/run-status.tsx";
import { RunView } from "./ui/run-view.tsx";
import { SearchBox } from "./ui/search-box.tsx";
import { TopBar } from "./ui/top-bar.tsx";
import { queryOf, readAddress } from "./url-state.ts";

/**
 * The page: the run that the address names or that somebody picked; else the newest, and the next one that starts after
 * it.
 */
export function App({ list }: { list: RunList }) {
  const runId = useSignal(readAddress(location.search).runId);
  const isPicked = useSignal(runId.peek() !== undefined);
  const runs = useComputed(() => list.runs.value ?? []).value;

  useSignalEffect(() => {
    const known = list.runs.value ?? [];
    const next = defaultRun(known);
    const current = known.find((run) => run.runId === runId.peek());
    if (isPicked.value || next === undefined || next === current) return;
    if (current !== undefined && (current.status === "running" || next.status !== "running" || isLookedAt())) return;
    history.replaceState(null, "", queryOf(location.search, next.runId));
    runId.value = next.runId;
  });
  useEffect(() => {
    const onPopState = (): void => {
      runId.value = readAddress(location.search).runId ?? runId.value;
    };
    addEventListener("popstate", onPopState);
    return () => removeEventListener("popstate", onPopState);
  }, [runId]);

  if (runId.value === undefined) {
    return (
      <>
        <TopBar />
        <NoRun reached={list.runs.value !== undefined} />
      </>
    );
  }
  const pick = (next: string): void => {
    if (next === runId.value) return;
    history.pushState(null, "", queryOf(location.search, next));
    isPicked.value = true;
    runId.value = next;
  };
  return (
    <RunPage key={runId.value} runId={runId.value} position={runs.find((run) => run.runId === runId.value)?.position}>
      <RunPicker runs={runs} current={runId.value} onPick={pick} />
    </RunPage>
  );
}

/** Whether somebody went to a round or a client, or looks for something, and would not want to be taken away from it. */
function isLookedAt(): boolean {
  return location.hash.length > 1;
}

interface RunPageProps {
  runId: string;
  /** Up to which position the run has events, as far as the list of runs knows. */
  position: number | undefined;
  children: ComponentChildren;
}

function RunPage({ runId, position = 0, children }: RunPageProps) {
  const [page, setPage] = useState<{ session: Session; shortcuts: readonly Shortcut[] } | undefined>(undefined);
  const { panel } = readAddress(location.search);

  useLayoutEffect(() => {
    const session = openSession(runId);
    markShown(session.table);
    const shortcuts = pageShortcuts(session);
    const stopShortcuts = listenToShortcuts(shortcuts);
    setPage({ session, shortcuts });
    document.title = `${runId} · HiveWatch`;
    return () => {
      stopShortcuts();
      session.close();
    };
  }, [runId]);

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
      <TopBar>
        {children}
        <RunStatus />
        <SearchBox />
      </TopBar>
      <RunView />
      <ReplayBar />
      <ClientPanel />
      <Help shortcuts={page.shortcuts} />
    </SessionProvider>
  );
}
