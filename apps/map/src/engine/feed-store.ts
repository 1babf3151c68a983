import type { HiveEvent, MapTable } from "@hivewatch/core";
import { FEED_LENGTH, type Feed, type FeedEntry, type Finding } from "../data/run-data.ts";
import type { ClientList } from "./client-list.ts";

/** What happened beside results and rounds' begin and end: the newest of it. */
export interface FeedStore {
  add(event: HiveEvent, clients: ClientList): void;
  /** Takes over a part of a map's table of what is notable. */
  addTable(table: MapTable, clientOf: (index: number) => number): void;
  /** How many there are, with those that are not held. */
  setTotal(total: number): void;
  /** Lets go of all: the map tells them anew. */
  clear(): void;
  /** Those that are held. */
  held(): readonly FeedEntry[];
  /** As it is now; undefined if nothing has come since this was last asked. */
  news(): Feed | undefined;
}

/** Results come by the thousand, and rounds are told elsewhere. */
const NOT_NOTABLE: ReadonlySet<string> = new Set(["client_update", "client_metric", "round_start", "round_end"]);

const NOT_DETAIL: ReadonlySet<string> = new Set(["run_id", "timestamp", "event_type", "round", "clients", "client_id"]);

export function createFeed(): FeedStore {
  let entries: FeedEntry[] = [];
  let total = 0;
  let hasChanged = false;

  function push(entry: FeedEntry): void {
    entries.push(entry);
    total++;
    hasChanged = true;
    if (entries.length > 2 * FEED_LENGTH) entries = entries.slice(-FEED_LENGTH);
  }

  return {
    add(event, clients) {
      if (NOT_NOTABLE.has(event.event_type)) return;
      const detail = Object.fromEntries(Object.entries(event).filter(([name]) => !NOT_DETAIL.has(name)));
      const common = {
        at: Date.parse(event.timestamp),
        type: event.event_type,
        round: typeof event.round === "number" ? event.round : undefined,
        detail,
      };
      const ids = [
        ...(Array.isArray(event.clients) ? event.clients.map(({ client_id: id }) => id) : []),
        ...(typeof event.client_id === "string" ? [event.client_id] : []),
      ];
      if (ids.length === 0) push({ ...common, client: undefined });
      for (const id of ids) push({ ...common, client: clients.add(id) });
    },
    addTable(table, clientOf) {
      const read = readerOf(table);
      for (let row = 0; row < table.rows; row++) {
        const client = read("client", row);
        const round = read("round", row);
        const detail = read("detail", row);
        push({
          at: Number(read("timestamp", row) ?? Number.NaN) / 1000,
          type: String(read("event_type", row)),
          round: typeof round === "number" ? round : undefined,
          client: typeof client === "number" ? clientOf(client) : undefined,
          detail: typeof detail === "object" && detail !== null ? { ...detail } : {},
        });
      }
    },
    setTotal(known) {
      total = known;
      hasChanged = true;
    },
    clear() {
      entries = [];
      total = 0;
      hasChanged = true;
    },
    held: () => entries,
    news() {
      if (!hasChanged) return undefined;
      hasChanged = false;
      return { total, entries: entries.slice(-FEED_LENGTH) };
    },
  };
}

/** Reads a table cell by cell. */
function readerOf(table: MapTable): (name: string, row: number) => unknown {
  return (name, row) => {
    for (const column of table.columns) {
      if (column.name !== name) continue;
      if (column.kind === "numbers") {
        if (column.present?.[row] !== 0) return column.numbers[row];
      } else if ((column.codes[row] ?? -1) >= 0) return column.values[column.codes[row] ?? -1];
    }
    return undefined;
  };
}

/** Gives dropouts and failures the reasons that were told for them. */
export function reasoned(feed: FeedStore): (finding: Finding) => Finding {
  const reasons = new Map<string, string>();
  for (const { client, round, detail } of feed.held()) {
    if (typeof detail.reason === "string") reasons.set(`${client} ${round}`, detail.reason);
  }
  return (finding) => {
    if (finding.detail !== "" || finding.facts !== undefined) return finding;
    return { ...finding, detail: reasons.get(`${finding.client} ${finding.round}`) ?? "" };
  };
}
