import type { ComponentType } from "preact";
import type { Tab } from "../page-state.ts";
import { useSession } from "../session.ts";
import { ClientTable } from "./client-table.tsx";
import { lazily } from "./lazily.tsx";
import { TabList } from "./tab-list.tsx";

const TABS: readonly { readonly name: Tab; readonly label: string }[] = [
  { name: "clients", label: "Clients" },
  { name: "participation", label: "Participation" },
  { name: "distribution", label: "Distribution" },
  { name: "multiples", label: "Multiples" },
  { name: "events", label: "Events" },
];

/** What each tab shows. */
export const TAB_PANELS: Readonly<Record<Tab, ComponentType>> = {
  clients: ClientTable,
  participation: lazily(async () => (await import("../charts/participation-panel.tsx")).ParticipationPanel),
  distribution: lazily(async () => (await import("../charts/distribution-panel.tsx")).DistributionPanel),
  multiples: lazily(async () => (await import("../charts/multiples-panel.tsx")).MultiplesPanel),
  events: lazily(async () => (await import("./event-feed.tsx")).EventFeed),
};

/** The clients, in the several ways to look at all of them. */
export function TabPanel() {
  const { state } = useSession();
  const tab = state.tab.value;
  const Content = TAB_PANELS[tab];
  return (
    <section class="panel tab-panel" aria-label="Clients and events">
      <TabList label="Ways to look at the clients" id="tab" tabs={TABS} chosen={state.tab} />
      <div id="tab-panel" class="tab-content" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        <Content />
      </div>
    </section>
  );
}
