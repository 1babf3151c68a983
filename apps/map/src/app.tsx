import { batch, useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { readAddress } from "./run-address.ts";
import { RunPage } from "./run-page.tsx";
import { defaultRun, type RunList } from "./runs/run-list.ts";
import { NoRun } from "./ui/no-run.tsx";
import { RunPicker } from "./ui/run-picker.tsx";
import { queryOf } from "./url-state.ts";

/**
 * The page: the run that the address names or that somebody picked; else the newest, and the next one that starts after
 * it. That one is in the address only while somebody looks at something of it, so that a page that was opened to follow
 * whatever runs still does so when it is loaded anew.
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
    runId.value = next.runId;
  });
  useEffect(() => {
    const onPopState = (): void => {
      const named = readAddress(location.search).runId;
      // Of a run that nobody asked for the address may tell, or not.
      if (named === runId.value || (named === undefined && !isPicked.value)) return;
      batch(() => {
        isPicked.value = named !== undefined;
        runId.value = named ?? defaultRun(list.runs.peek() ?? [])?.runId ?? runId.value;
      });
    };
    addEventListener("popstate", onPopState);
    return () => removeEventListener("popstate", onPopState);
  }, [list, isPicked, runId]);

  if (runId.value === undefined) {
    return <NoRun reached={list.runs.value !== undefined} />;
  }
  const pick = (next: string, fragment: string): void => {
    if (next === runId.value) return;
    history.pushState(null, "", queryOf(location.search, next) + fragment);
    isPicked.value = true;
    runId.value = next;
  };
  return (
    <RunPage
      key={runId.value}
      runId={runId.value}
      isPicked={isPicked.value}
      position={runs.find((run) => run.runId === runId.value)?.position}
    >
      <RunPicker runs={runs} current={runId.value} onPick={pick} />
    </RunPage>
  );
}

/** Whether somebody went to a round or a client, or looks for something, and would not want to be taken away from it. */
function isLookedAt(): boolean {
  return location.hash.length > 1;
}
