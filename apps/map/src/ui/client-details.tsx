import { useLayoutEffect, useRef } from "preact/hooks";
import { useHistory } from "../charts/use-history.ts";
import type { Finding, RoundTable } from "../data/run-data.ts";
import { fieldOf, statusOf } from "../data/table-fields.ts";
import { roundShare } from "../data/tally-fields.ts";
import { formatCount, formatPercent, plural } from "../format.ts";
import { useSession } from "../session.ts";
import { ClientCharts } from "./client-charts.tsx";
import { orderClients } from "./client-order.ts";
import { EventItem } from "./event-feed.tsx";
import { fieldLabel, fieldText } from "./field-names.ts";
import { BackIcon, CloseIcon, ForwardIcon } from "./icons.tsx";
import { placeName } from "./place-name.ts";
import { StatusLabel } from "./status-mark.tsx";
import { FindingItem } from "./trouble-list.tsx";
import "../styles/client.css";

/** Older ones are found in the lists of the whole run. */
const MAX_LISTED = 20;

/** All that is known of a client: in the shown round, and over the run. */
export function ClientDetails({ id, client }: { id: string; client: number }) {
  const { data, state, table, player } = useSession();
  const panel = useRef<HTMLElement>(null);
  const newest = useHistory([client]).value;
  const history = newest?.clients[0] === client ? newest : undefined;
  // Until its own have come: of the whole run only the gravest are listed.
  const known = data.findings.value.list.filter((finding) => finding.client === client);
  const { city, country } = data.clients.value;
  const place = placeName({ city: city[client], country: country[client] });

  // Whoever sees it can close it.
  useLayoutEffect(() => {
    const opener = document.activeElement;
    panel.current?.focus({ preventScroll: true });
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.key !== "Escape" || event.defaultPrevented || isElsewhere(event.target)) return;
      state.client.value = undefined;
    };
    addEventListener("keydown", onKeyDown);
    return () => {
      removeEventListener("keydown", onKeyDown);
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus({ preventScroll: true });
    };
  }, [state]);

  return (
    <aside
      class="client-panel"
      aria-labelledby="client-heading"
      data-testid="client-panel"
      data-client-id={id}
      ref={panel}
      tabIndex={-1}
    >
      <header>
        <div class="client-title">
          <h2 id="client-heading">
            <bdi>{id === "" ? "(no id)" : id}</bdi>
          </h2>
          <p class="client-place">
            <bdi>{place ?? "no place reported"}</bdi>
          </p>
        </div>
        <div class="client-buttons">
          <Neighbour client={client} offset={-1} />
          <Neighbour client={client} offset={1} />
          <button
            type="button"
            class="icon-button"
            aria-label="Close"
            title="Close (Esc)"
            onClick={() => {
              state.client.value = undefined;
            }}
          >
            <CloseIcon />
          </button>
        </div>
        <StatusLabel status={statusOf(table.value, client)} />
      </header>
      <Facts client={client} />
      <h3>Over the run</h3>
      <ClientCharts history={history} />
      <p class="cohort-key">
        <span class="own" /> this client <span class="band" /> middle 80% of all clients, and their median
      </p>
      <h3>Round {player.round.value}</h3>
      <Reported table={table.value} client={client} />
      <Findings findings={history?.findings ?? known} />
      <Events client={client} id={id} />
    </aside>
  );
}

/** Whether a key is for something that lies above the panel. */
function isElsewhere(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("dialog, [popover], input, select") !== null;
}

/** Leads to the client before or behind in the table's order. */
function Neighbour({ client, offset }: { client: number; offset: 1 | -1 }) {
  const { data, state, table, matches } = useSession();
  const label = offset < 0 ? "Previous client" : "Next client";
  const go = (): void => {
    const order = orderClients({
      clients: data.clients.peek(),
      table: table.peek(),
      tally: data.tally.peek(),
      matches: matches.peek(),
      sort: state.sort.peek(),
    });
    const next = order[(order.indexOf(client) + offset + order.length) % order.length];
    if (next !== undefined) state.client.value = data.clients.peek().ids[next];
  };
  return (
    <button type="button" class="icon-button" aria-label={label} title={label} onClick={go}>
      {offset < 0 ? <BackIcon /> : <ForwardIcon />}
    </button>
  );
}

function Facts({ client }: { client: number }) {
  const { data } = useSession();
  const tally = data.tally.value;
  const share = roundShare(tally, client);
  if (share === undefined) return null;
  const last = tally.lastResult[client] ?? Number.NaN;
  return (
    <p class="client-facts">
      {plural(tally.completed[client] ?? 0, "result")} in {plural(tally.rounds, "round")} ({formatPercent(share)}),{" "}
      {plural(tally.dropouts[client] ?? 0, "dropout")}, {plural(tally.failures[client] ?? 0, "failure")},{" "}
      {plural(tally.stragglers[client] ?? 0, "time")} slow
      {Number.isNaN(last) ? "; no result yet" : `; last result in round ${last}`}
    </p>
  );
}

const NOT_REPORTED: ReadonlySet<string> = new Set(["client_id", "round", "status", "lat", "lng", "city", "country"]);

/** What a client reported about a round beyond who and where it is. Names that begin with `_` are not for cards. */
function Reported({ table, client }: { table: RoundTable | undefined; client: number }) {
  const names = [...(table?.columns.keys() ?? [])].filter((name) => !NOT_REPORTED.has(name) && !name.startsWith("_"));
  const fields = names
    .map((name) => [name, fieldOf(table, client, name)] as const)
    .filter(([, value]) => value !== undefined && value !== null);
  if (fields.length === 0) return <p class="empty">Nothing reported in this round</p>;
  return (
    <dl data-testid="client-fields">
      {fields.map(([name, value]) => (
        <div key={name} class={typeof value === "number" && !Number.isFinite(value) ? "non-finite" : undefined}>
          <dt title={name}>
            <bdi>{fieldLabel(name)}</bdi>
          </dt>
          <dd>
            <bdi>{fieldText(name, value)}</bdi>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Findings({ findings }: { findings: readonly Finding[] }) {
  return (
    <>
      <h3>
        Trouble{" "}
        <small data-testid="client-trouble" data-value={findings.length}>
          {findings.length}
        </small>
      </h3>
      {findings.length === 0 ? (
        <p class="empty">None is known</p>
      ) : (
        <ul class="panel-list">
          {findings.slice(0, MAX_LISTED).map((finding, i) => (
            <li key={findings.length - i}>
              <FindingItem finding={finding} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Events({ client, id }: { client: number; id: string }) {
  const { data } = useSession();
  const { entries, total } = data.feed.value;
  const own = entries.filter((entry) => entry.client === client);
  return (
    <>
      <h3>
        Events{" "}
        <small>
          {own.length}
          {total > entries.length && ` among the newest ${formatCount(entries.length)} of the run`}
        </small>
      </h3>
      {own.length === 0 ? (
        <p class="empty">None beside its results</p>
      ) : (
        <ul class="panel-list">
          {own
            .slice(-MAX_LISTED)
            .reverse()
            .map((entry, i) => (
              <li key={own.length - i}>
                <EventItem entry={entry} id={id} />
              </li>
            ))}
        </ul>
      )}
    </>
  );
}
