import { stringifyEvent } from "@hivewatch/core";
import { useComputed } from "@preact/signals";
import type { FeedEntry } from "../data/run-data.ts";
import { formatClock, formatCount, formatDateTime } from "../format.ts";
import { useSession } from "../session.ts";
import { filterEvents } from "./filter-events.ts";
import { VirtualList } from "./virtual-list.tsx";
import "../styles/events.css";

const ROW_HEIGHT = 30;

/** Kinds of events that are offered as a filter. */
const MAX_TYPES = 12;

/** What happened beside results, by the events' own time, the newest at the end. */
export function EventFeed() {
  const { data, state } = useSession();
  const clients = data.clients.value;
  const { entries, total } = data.feed.value;
  const shown = useComputed(() => {
    return filterEvents(data.feed.value.entries, state.events.value, (client) => data.clients.value.ids[client] ?? "");
  }).value;
  const types = useComputed(() =>
    [...new Set(data.feed.value.entries.map(({ type }) => type))].slice(0, MAX_TYPES),
  ).value;
  return (
    <section class="event-feed" aria-label="Events" data-testid="event-feed">
      <header class="panel-bar">
        <input
          type="search"
          class="panel-search"
          placeholder="Find events: type:checkpoint tokyo"
          aria-label="Find events"
          maxLength={500}
          list="event-types"
          value={state.events.value}
          onInput={({ currentTarget }) => {
            state.events.value = currentTarget.value;
          }}
        />
        <datalist id="event-types">
          {types.map((type) => (
            <option key={type} value={`type:${type}`} />
          ))}
        </datalist>
        <span class="panel-note">
          {shown.length < entries.length && `${formatCount(shown.length)} of `}
          {total > entries.length
            ? `the newest ${formatCount(entries.length)} of ${formatCount(total)}`
            : formatCount(total)}
        </span>
      </header>
      {shown.length === 0 ? (
        <p class="empty">{entries.length === 0 ? "Nothing has happened yet" : "No event matches"}</p>
      ) : (
        <VirtualList
          count={shown.length}
          rowHeight={ROW_HEIGHT}
          label="Events, the newest at the end"
          followsEnd
          keyOf={(row) => row}
          render={(row, tabIndex) => {
            const entry = shown[row];
            if (entry === undefined) return null;
            return (
              <EventItem
                entry={entry}
                id={entry.client === undefined ? undefined : (clients.ids[entry.client] ?? "")}
                tabIndex={tabIndex}
              />
            );
          }}
        />
      )}
    </section>
  );
}

interface EventItemProps {
  readonly entry: FeedEntry;
  /** Its client's. */
  readonly id: string | undefined;
  readonly tabIndex?: 0 | -1;
}

/** One event, which leads to its client and round. */
export function EventItem({ entry, id, tabIndex = 0 }: EventItemProps) {
  const { state, player } = useSession();
  const { at, type, round } = entry;
  const detail = eventText(entry);
  return (
    <button
      type="button"
      class="event"
      data-testid="event"
      data-type={type}
      data-client-id={id}
      tabIndex={tabIndex}
      title={detail}
      onClick={() => {
        if (id !== undefined) state.client.value = id;
        if (round !== undefined) player.seek(round);
      }}
    >
      <time dateTime={isoOf(at)} title={formatDateTime(at)}>
        {formatClock(at)}
      </time>
      <span class="event-round">{round === undefined ? "" : `round ${round}`}</span>
      <span class="event-type">{type.replaceAll("_", " ")}</span>
      <span class="event-text">
        {id !== undefined && (
          <bdi>
            <b>{id}</b>{" "}
          </bdi>
        )}
        <bdi>{detail}</bdi>
      </span>
    </button>
  );
}

/** Undefined: it is no time. */
function isoOf(at: number): string | undefined {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** An event's further fields: its reason as it is, any other with its name. */
function eventText({ detail }: FeedEntry): string {
  return Object.entries(detail)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => {
      const text = typeof value === "string" ? value : stringifyEvent(value);
      return name === "reason" ? text : `${name} ${text}`;
    })
    .join(" · ");
}
