import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { RoundCharts } from "./charts/round-charts.tsx";
import { MapPanel } from "./map/map-panel.tsx";
import { listenToShortcuts } from "./replay/shortcuts.ts";
import { openSession, type Session, SessionProvider } from "./session.ts";
import { defaultRun, type RunList } from "./stream/run-list.ts";
import { ClientPanel } from "./ui/client-panel.tsx";
import { ClientTable } from "./ui/client-table.tsx";
import { IncidentList } from "./ui/incident-list.tsx";
import { KeyFigures } from "./ui/key-figures.tsx";
import { NoRun } from "./ui/no-run.tsx";
import { ReplayBar } from "./ui/replay-bar.tsx";
import { RunPicker } from "./ui/run-picker.tsx";
import { RunStatus } from "./ui/run-status.tsx";
import { TopBar } from "./ui/top-bar.tsx";
import { readUrl, writeUrl } from "./url-state.ts";

/**
 * The page: the run that the address names or that somebody picked; else the newest, and the next one that starts after
 * it.
 */
export function App({ list }: { list: RunList }) {
  const runId = useSignal(readUrl(location).runId);
  const isPicked = useSignal(runId.peek() !== undefined);
  const runs = useComputed(() => list.runs.value ?? []).value;

  useSignalEffect(() => {
    const known = list.runs.value ?? [];
    const next = defaultRun(known);
    const current = known.find((run) => run.runId === runId.peek());
    if (isPicked.value || next === undefined || next === current) return;
    if (current !== undefined && (current.status === "running" || next.status !== "running" || isLookedAt())) return;
    history.replaceState(null, "", urlOf(next.runId));
    runId.value = next.runId;
  });
  useEffect(() => {
    const onPopState = (): void => {
      runId.value = readUrl(location).runId ?? runId.value;
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
    history.pushState(null, "", urlOf(next));
    isPicked.value = true;
    runId.value = next;
  };
  return (
    <RunPage key={runId.value} runId={runId.value} position={runs.find((run) => run.runId === runId.value)?.position}>
      <RunPicker runs={runs} current={runId.value} onPick={pick} />
    </RunPage>
  );
}

function urlOf(runId: string): string {
  return writeUrl(location.search, { runId, round: undefined, clientId: undefined });
}

/** Whether somebody went to a round or a client, and would not want to be taken away from it. */
function isLookedAt(): boolean {
  const { round, clientId } = readUrl(location);
  return round !== undefined || clientId !== undefined;
}

interface RunPageProps {
  runId: string;
  /** Up to which position the run has events, as far as the list of runs knows. */
  position: number | undefined;
  children: ComponentChildren;
}

function RunPage({ runId, position = 0, children }: RunPageProps) {
  const [session, setSession] = useState<Session | undefined>(undefined);

  useLayoutEffect(() => {
    const opened = openSession(runId);
    const stopShortcuts = listenToShortcuts(opened.player);
    setSession(opened);
    document.title = `${runId} · HiveWatch`;
    return () => {
      stopShortcuts();
      opened.close();
    };
  }, [runId]);

  useEffect(() => session?.feed.hear(position), [session, position]);

  if (session === undefined) return null;
  return (
    <SessionProvider value={session}>
      <TopBar>
        {children}
        <RunStatus />
      </TopBar>
      <main>
        <KeyFigures />
        <div class="columns">
          <div class="column">
            <MapPanel />
            <ClientTable />
          </div>
          <div class="column">
            <RoundCharts />
            <IncidentList />
          </div>
        </div>
      </main>
      <ReplayBar />
      <ClientPanel />
    </SessionProvider>
  );
}
