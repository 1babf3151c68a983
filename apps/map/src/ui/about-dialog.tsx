import type { Overview } from "../data/run-data.ts";
import { formatCount, formatDateTime, formatSeconds } from "../format.ts";
import { configValues } from "../runs/config-values.ts";
import { useSession } from "../session.ts";
import { Dialog } from "./dialog.tsx";
import "../styles/about.css";

type Fact = readonly [name: string, value: string];

/** Letters of a name or value that are shown. */
const LONGEST = 500;

/** What the open run is: who runs it, how, and since when. */
export function AboutDialog({ onClose }: { onClose(): void }) {
  const { data } = useSession();
  const overview = data.overview.value;
  return (
    <Dialog name="about" heading={<bdi>{overview.runId}</bdi>} onClose={onClose}>
      <Facts title="The run" facts={runFacts(overview, data.clients.value.ids.length)} />
      <Facts
        title="Its server"
        facts={[...configValues(overview.server ?? {})]}
        none="The server told nothing of itself"
      />
      <Facts title="Its configuration" facts={[...configValues(overview.config)]} none="None was told" />
    </Dialog>
  );
}

function runFacts(overview: Overview, clients: number): Fact[] {
  const { algorithm, status, statusReason, startedAt, finishedAt, rounds, events } = overview;
  const facts: [string, string | undefined][] = [
    ["Algorithm", algorithm],
    ["Status", statusReason === undefined ? status : `${status}: ${statusReason}`],
    ["Began", startedAt === undefined ? undefined : formatDateTime(startedAt)],
    ["Ended", finishedAt === undefined ? undefined : formatDateTime(finishedAt)],
    [
      "Took",
      startedAt === undefined || finishedAt === undefined ? undefined : formatSeconds((finishedAt - startedAt) / 1000),
    ],
    ["Rounds", formatCount(rounds.numbers.length)],
    ["Clients", formatCount(clients)],
    ["Events", formatCount(events)],
  ];
  return facts.flatMap(([name, value]): Fact[] => (value === undefined ? [] : [[name, value]]));
}

function Facts({ title, facts, none = "" }: { title: string; facts: readonly Fact[]; none?: string }) {
  return (
    <section>
      <h3>{title}</h3>
      {facts.length === 0 && <p class="about-none">{none}</p>}
      <dl>
        {facts.map(([name, value], i) => (
          <div key={`${i} ${name}`}>
            <dt>
              <bdi>{name.slice(0, LONGEST)}</bdi>
            </dt>
            <dd>
              <bdi>{value.slice(0, LONGEST)}</bdi>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
