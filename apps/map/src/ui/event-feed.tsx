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

/** What happened beside results, the newest first. */
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
        <>
          <EventHead />
          <VirtualList
            key={state.events.value}
            count={shown.length}
            rowHeight={ROW_HEIGHT}
            label="Events, the newest first"
            growsAtStart
            keyOf={(row) => shown.length - row}
            render={(row, tabIndex) => {
              const entry = shown[shown.length - 1 - row];
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
        </>
      )}
    </section>
  );
}

/** What the parts of an event are: who hears the page hears it with each. */
function EventHead() {
  return (
    <div class="event event-head" aria-hidden="true">
      <span class="event-time">Time</span>
      <span class="event-round">Round</span>
      <span class="event-type">Event</span>
      <span class="event-text">Client and what was told</span>
    </div>
  );
}

/** What the usual events are called; others are shown by their own names. */
const TYPE_LABELS: Readonly<Record<string, string>> = {
  init: "Begin",
  server_metadata: "Server",
  client_dropout: "Dropout",
  comm_failure: "Failure",
  client_recovered: "Recovered",
  checkpoint: "Checkpoint",
  evaluation: "Evaluation",
  finished: "End",
};

function typeLabel(type: string): string {
  return Object.hasOwn(TYPE_LABELS, type) ? (TYPE_LABELS[type] ?? type) : type.replaceAll("_", " ");
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
      <time class="event-time" dateTime={isoOf(at)} title={formatDateTime(at)}>
        {formatClock(at)}
      </time>
      <span class="event-round">
        {round === undefined ? "" : <span class="visually-hidden">round </span>}
        {round}
      </span>
      <span class="event-type">{typeLabel(type)}</span>
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
