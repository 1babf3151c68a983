import { RunPage } from "./run-page.tsx";
import { useSession } from "./session.ts";

/** The page of a run that is saved as files, on a server that knows of no others. */
export function SavedRun({ map }: { map: string }) {
  return (
    <RunPage runId={nameOf(map)} map={map}>
      <RunName />
    </RunPage>
  );
}

/** What the run is called until the file has been read, which says so itself. */
function nameOf(map: string): string {
  return map.replace(/^.*\//, "").replace(/\.map2\.json$/, "");
}

function RunName() {
  const { data } = useSession();
  return (
    <div class="run-picker">
      <bdi class="run-name" data-testid="run-name">
        {data.overview.value.runId}
      </bdi>
    </div>
  );
}
