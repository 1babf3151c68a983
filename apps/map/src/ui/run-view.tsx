import { RoundCharts } from "../charts/round-charts.tsx";
import { MapPanel } from "../map/map-panel.tsx";
import type { View } from "../page-state.ts";
import { useSession } from "../session.ts";
import { KeyFigures } from "./key-figures.tsx";
import { noteOf, PageNote } from "./page-note.tsx";
import { TabList } from "./tab-list.tsx";
import { TabPanel } from "./tab-panel.tsx";
import { TroubleList } from "./trouble-list.tsx";
import { isNarrow } from "./use-narrow.ts";

/** All panels of the run: beside each other, or where there is no room one at a time. */
export function RunView() {
  const { data } = useSession();
  if (noteOf(data) !== undefined) {
    return (
      <main>
        <PageNote />
      </main>
    );
  }
  return (
    <main>
      <KeyFigures />
      {isNarrow.value ? <OneView /> : <AllViews />}
    </main>
  );
}

function AllViews() {
  return (
    <div class="columns">
      <div class="column">
        <MapPanel />
        <TabPanel />
      </div>
      <div class="column">
        <ChartsPanel />
        <TroubleList />
      </div>
    </div>
  );
}

const VIEWS: readonly { readonly name: View; readonly label: string }[] = [
  { name: "map", label: "Map" },
  { name: "charts", label: "Charts" },
  { name: "clients", label: "Clients" },
  { name: "trouble", label: "Trouble" },
];

function OneView() {
  const { state } = useSession();
  const view = state.view.value;
  return (
    <>
      <TabList label="Parts of the page" id="view" tabs={VIEWS} chosen={state.view} />
      <div id="view-panel" class="view-content" role="tabpanel" aria-labelledby={`view-${view}`} data-view={view}>
        {view === "map" && <MapPanel />}
        {view === "charts" && <ChartsPanel />}
        {view === "clients" && <TabPanel />}
        {view === "trouble" && <TroubleList />}
      </div>
    </>
  );
}

/** The charts, which are scrolled by themselves where they are higher than their place. */
export function ChartsPanel() {
  return (
    <div class="charts-place" role="group" aria-label="Charts, which can be scrolled" tabIndex={0}>
      <RoundCharts />
    </div>
  );
}
