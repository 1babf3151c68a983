import {
  type ClientMetrics,
  clientFigures,
  endRound,
  type HiveEvent,
  isKnownEvent,
  type KnownEvent,
  type RoundEndEvent,
  type RoundMetrics,
  type RoundSummary,
  summarizeFigures,
} from "@hivewatch/core";
import { type ClientColumns, type ClientColumnsOptions, createClientColumns } from "./client-columns.ts";

/** What has come of an event. */
export interface RoundNews {
  /** The figures of the round that it ends; undefined: it ends none. */
  readonly summary: RoundSummary | undefined;
  /** Clients of whom nothing more is expected: each of their values is told once. */
  readonly clients: readonly ClientColumns[];
}

/** The rounds that are going on. Of one that has ended nothing is held but its number. */
export interface OpenRounds {
  take(event: HiveEvent): RoundNews;
  /** The clients of all rounds that have not ended, which are forgotten. */
  flush(): ClientColumns[];
}

interface OpenRound {
  readonly round: number;
  startedAt: string | undefined;
  endedAt: string | undefined;
  selected: readonly string[] | undefined;
  readonly metrics: RoundMetrics;
  readonly clients: ClientColumns;
}

type ClientsEvent = KnownEvent & { event_type: "client_update" | "client_metric" | "client_dropout" };

/** More rounds without an end are not waited for. */
const MAX_OPEN_ROUNDS = 100;
/** Of how many rounds it is known that they have ended, so that what comes late is not held for ever. */
const MAX_ENDED_ROUNDS = 10_000;
const NOTHING: RoundNews = { summary: undefined, clients: [] };

export function createOpenRounds(options: ClientColumnsOptions): OpenRounds {
  const open = new Map<number, OpenRound>();
  const ended = new Set<number>();

  function roundOf(round: number): OpenRound {
    const known = open.get(round);
    if (known !== undefined) return known;
    const clients = createClientColumns(options);
    const made = { round, startedAt: undefined, endedAt: undefined, selected: undefined, metrics: {}, clients };
    open.set(round, made);
    return made;
  }

  function noteClients(event: ClientsEvent): RoundNews {
    let late: ClientColumns | undefined;
    for (const client of event.clients) {
      const round = client.round ?? event.round;
      // What comes late for a round that has ended, or belongs to none, waits for nothing.
      const isLate = round === null || ended.has(round);
      if (isLate) late ??= createClientColumns(options);
      const columns = isLate ? late : roundOf(round).clients;
      if (columns !== undefined) noteClient(columns, event.event_type, client, round);
    }
    return late === undefined ? NOTHING : { summary: undefined, clients: [late] };
  }

  function setStatus(round: number, clientId: string, status: string): RoundNews {
    if (ended.has(round)) return NOTHING;
    const { clients } = roundOf(round);
    clients.setStatus(clients.rowOf(clientId), status);
    return NOTHING;
  }

  function end(event: RoundEndEvent): RoundNews {
    const round = roundOf(event.round);
    endRound(round, event);
    // Files of Python hivewatch have the clients there again.
    if (!ended.has(event.round)) putAll(round.clients, event);
    const facts = { ...round, selected: round.selected?.length };
    const summary = summarizeFigures(facts, clientFigures(round.clients));
    open.delete(event.round);
    ended.add(event.round);
    if (ended.size > MAX_ENDED_ROUNDS) ended.delete(first(ended) ?? event.round);
    return { summary, clients: [round.clients] };
  }

  function takeKnown(event: KnownEvent): RoundNews {
    switch (event.event_type) {
      case "round_start": {
        ended.delete(event.round);
        const round = roundOf(event.round);
        round.startedAt ??= event.timestamp;
        round.selected = event.selected ?? round.selected;
        return NOTHING;
      }
      case "client_update":
      case "client_metric":
      case "client_dropout":
        return noteClients(event);
      case "comm_failure":
        return setStatus(event.round, event.client_id, "failed");
      case "client_recovered":
        return setStatus(event.round, event.client_id, "active");
      case "round_end":
        return end(event);
      default:
        return NOTHING;
    }
  }

  return {
    take(event) {
      const news = isKnownEvent(event) ? takeKnown(event) : NOTHING;
      const oldest = open.size > MAX_OPEN_ROUNDS ? first(open.values()) : undefined;
      if (oldest === undefined) return news;
      open.delete(oldest.round);
      return { ...news, clients: [...news.clients, oldest.clients] };
    },
    flush() {
      const clients = [...open.values()].map((round) => round.clients);
      open.clear();
      return clients;
    },
  };
}

function noteClient(
  columns: ClientColumns,
  type: ClientsEvent["event_type"],
  client: ClientMetrics,
  round: number | null,
): void {
  const row = columns.rowOf(client.client_id);
  columns.put(row, client, round);
  if (type === "client_dropout") columns.setStatus(row, "dropped");
  else if (type === "client_update") columns.setResult(row);
}

function putAll(columns: ClientColumns, { round, clients }: RoundEndEvent): void {
  for (const client of clients) columns.put(columns.rowOf(client.client_id), client, round);
}

function first<T>(values: Iterable<T>): T | undefined {
  for (const value of values) return value;
  return undefined;
}
