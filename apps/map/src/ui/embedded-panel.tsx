import type { ComponentType } from "preact";
import { MapPanel } from "../map/map-panel.tsx";
import type { Panel } from "../run-address.ts";
import { useSession } from "../session.ts";
import { wholeQueryOf } from "../url-state.ts";
import { ClientPanel } from "./client-panel.tsx";
import { KeyFigures } from "./key-figures.tsx";
import { noteOf, PageNote } from "./page-note.tsx";
import { RunStatus } from "./run-status.tsx";
import { ChartsPanel } from "./run-view.tsx";
import { TAB_PANELS } from "./tab-panel.tsx";
import { TroubleList } from "./trouble-list.tsx";
import "../styles/embedded.css";

const PANELS: Readonly<Record<Panel, ComponentType>> = {
  ...TAB_PANELS,
  map: MapPanel,
  charts: ChartsPanel,
  figures: KeyFigures,
  trouble: TroubleList,
};

/** One panel alone, in a frame of another page, with how old its data is. */
export function EmbeddedPanel({ panel }: { panel: Panel }) {
  const { data, player } = useSession();
  const { runId } = data.overview.value;
  const Content = PANELS[panel];
  return (
    <>
      <main class="embedded" data-panel={panel} data-testid="embedded">
        <h1 class="visually-hidden">HiveWatch: {runId}</h1>
        {noteOf(data) === undefined ? <Content /> : <PageNote />}
      </main>
      <footer class="embedded-foot">
        <a href={`${wholeQueryOf(location.search, runId)}${location.hash}`} target="_blank" rel="noreferrer">
          <bdi>{runId}</bdi>
        </a>
        <span>round {player.round.value ?? "–"}</span>
        <RunStatus isAlone />
      </footer>
      <ClientPanel />
    </>
  );
}
