import {
  applyEvent,
  type ClientMetrics,
  clientFigures,
  createRunState,
  endRound,
  type HiveEvent,
  isKnownEvent,
  type KnownEvent,
  type MapHead,
  type MapHeadRound,
  type MapPart,
  type MapPlace,
  type MapTable,
  type RoundClients,
  type RoundMetrics,
  type RunState,
  summarizeFigures,
  takeMapHead,
} from "@hivewatch/core";
import { type ClientList, createClientList } from "./client-list.ts";
import { createFeed, type FeedStore } from "./feed-store.ts";
import {
  createRoundColumns,
  NUMBER,
  type RoundColumns,
  roundOfParts,
  rowFor,
  setFields,
  VALUE,
} from "./round-columns.ts";

/** A run as far as it is known: from a map, and from the events behind it. */
export interface RunStore {
  readonly run: RunState;
  readonly clients: ClientList;
  readonly feed: FeedStore;
  readonly rounds: Map<number, RoundEntry>;
  /** The rounds that changed since somebody last cleared this. */
  readonly changed: Set<number>;
  /** Index of each client of the map in `clients`. */
  mapClients: Uint32Array;
}

/** A round: its figures, and the clients' columns while they are held. */
export interface RoundEntry {
  readonly round: number;
  startedAt: string | undefined;
  endedAt: string | undefined;
  selected: number | undefined;
  /** What the server reported. */
  readonly metrics: RoundMetrics;
  /** Reported and derived. */
  figures: Readonly<Record<string, unknown>>;
  rows: number;
  /** Where the map has its clients. */
  places: readonly MapPlace[];
  /** Undefined: they are in the map alone. */
  columns: RoundColumns | undefined;
  /** Events that wait until the columns have come from the map, each with the position behind it. */
  readonly waiting: { readonly event: HiveEvent; readonly position: number }[];
  /** The position behind the newest event that was applied here. */
  position: number;
}

export function createRunStore(runId: string): RunStore {
  return {
    run: createRunState(runId),
    clients: createClientList(),
    feed: createFeed(),
    rounds: new Map(),
    changed: new Set(),
    mapClients: new Uint32Array(0),
  };
}

/** Takes over what a map's head tells. Rounds whose columns are held stay as they are, since they know more. */
export function takeHead(store: RunStore, head: MapHead): void {
  if (store.run.eventCount <= head.num_events) {
    store.run.runId = head.run_id;
    takeMapHead(store.run, head);
  }
  for (const saved of head.rounds) {
    const known = store.rounds.get(saved.round);
    if (known?.columns !== undefined && known.position > head.position) {
      known.places = saved.parts;
      continue;
    }
    const metrics: RoundMetrics = {};
    for (const name of saved.reported) metrics[name] = saved.figures[name];
    store.rounds.set(saved.round, {
      round: saved.round,
      startedAt: saved.started_at ?? undefined,
      endedAt: saved.ended_at ?? undefined,
      selected: saved.selected ?? undefined,
      metrics,
      figures: saved.figures,
      rows: saved.clients,
      places: saved.parts,
      columns: known?.columns,
      waiting: known?.waiting ?? [],
      position: known?.position ?? 0,
    });
    if (known === undefined) store.changed.add(saved.round);
  }
}

/**
 * Takes over a map's head in place of events that were passed over. Of rounds that these have changed the columns are let
 * go, since they lack something.
 *
 * @returns those rounds
 */
export function passOver(store: RunStore, head: MapHead): number[] {
  const changed: number[] = [];
  for (const saved of head.rounds) {
    const known = store.rounds.get(saved.round);
    if (known !== undefined && isAsSaved(known, saved)) continue;
    if (known !== undefined) known.columns = undefined;
    changed.push(saved.round);
  }
  takeHead(store, head);
  // They can be fetched now: nothing follows from what was held of them.
  for (const round of changed) store.changed.delete(round);
  return changed;
}

/** Whether a round that is over was told of no further since: it has the same clients, and the same follows from them. */
function isAsSaved(known: RoundEntry, saved: MapHeadRound): boolean {
  if (known.endedAt === undefined || saved.ended_at === null || known.rows !== saved.clients) return false;
  const names = new Set([...Object.keys(known.figures), ...Object.keys(saved.figures)]);
  for (const name of names) if (!isSameFigure(known.figures[name], saved.figures[name])) return false;
  return true;
}

function isSameFigure(one: unknown, other: unknown): boolean {
  if (typeof one !== "number" && typeof other !== "number") return true;
  return Object.is(one, other);
}

/** Takes over a map's client table, or what has come to it. */
export function takeClients(store: RunStore, first: number, table: MapTable): void {
  store.mapClients = withRoom(store.mapClients, first + table.rows);
  store.clients.addTable(table, (row, client) => {
    store.mapClients[first + row] = client;
  });
}

function withRoom(indices: Uint32Array, length: number): Uint32Array {
  if (indices.length >= length) return indices;
  const larger = new Uint32Array(length);
  larger.set(indices);
  return larger;
}

/**
 * Takes over a round's clients from the map, and what waited for them.
 *
 * @param position - how far into the run's log the map goes
 */
export function takeParts(store: RunStore, entry: RoundEntry, parts: readonly MapPart[], position: number): void {
  const own = parts.map((part) => ({ ...part, clients: part.clients.map((index) => store.mapClients[index] ?? 0) }));
  entry.columns = roundOfParts(entry.round, own);
  entry.rows = entry.columns.rows;
  for (const { event, position: behind } of entry.waiting.splice(0)) {
    if (behind > position) applyToRound(store, entry, event);
  }
}

/**
 * Takes an event.
 *
 * @param position - behind it, in the run's log
 * @returns the rounds whose clients have to be fetched from the map
 */
export function takeEvent(store: RunStore, event: HiveEvent, position: number): RoundEntry[] {
  const { run } = store;
  run.eventCount++;
  run.lastEventAt = event.timestamp;
  if (event.event_type !== "init" || run.startedAt !== undefined) store.feed.add(event, store.clients);
  if (isKnownEvent(event)) takeRunEvent(run, event);
  return byRound(event).flatMap(([round, own]) => {
    const entry = entryOf(store, round);
    entry.position = position;
    store.changed.add(round);
    if (entry.columns === undefined && entry.places.length > 0) {
      entry.waiting.push({ event: own, position });
      return [entry];
    }
    applyToRound(store, entry, own);
    return [];
  });
}

function takeRunEvent(run: RunState, event: KnownEvent): void {
  if (event.event_type !== "init" && event.event_type !== "server_metadata" && event.event_type !== "finished") return;
  const { eventCount } = run;
  applyEvent(run, event);
  run.eventCount = eventCount;
}

/** What an event says of which round: a client may name another one than the event does. */
function byRound(event: HiveEvent): [round: number, event: HiveEvent][] {
  const clients = clientsOf(event);
  if (clients.every(({ round }) => round === undefined || round === null || round === event.round)) {
    return typeof event.round === "number" ? [[event.round, event]] : [];
  }
  return clients.flatMap((client): [number, HiveEvent][] => {
    const round = client.round ?? event.round;
    return typeof round === "number" ? [[round, { ...event, round, clients: [client] }]] : [];
  });
}

function entryOf(store: RunStore, round: number): RoundEntry {
  let entry = store.rounds.get(round);
  if (entry === undefined) {
    entry = {
      round,
      startedAt: undefined,
      endedAt: undefined,
      selected: undefined,
      metrics: {},
      figures: {},
      rows: 0,
      places: [],
      columns: undefined,
      waiting: [],
      position: 0,
    };
    store.rounds.set(round, entry);
  }
  return entry;
}

function applyToRound(store: RunStore, entry: RoundEntry, event: HiveEvent): void {
  if (!isKnownEvent(event)) {
    for (const client of clientsOf(event)) addClient(store, entry, client, 0);
    return;
  }
  switch (event.event_type) {
    case "round_start":
      entry.startedAt ??= event.timestamp;
      entry.selected = event.selected?.length ?? entry.selected;
      for (const id of event.selected ?? []) markAsked(store, entry, id);
      return;
    case "client_update":
    case "client_metric":
      for (const client of event.clients) addClient(store, entry, client, event.event_type === "client_update" ? 1 : 0);
      return;
    case "client_dropout":
      for (const client of event.clients) addClient(store, entry, { ...client, status: "dropped" }, 0);
      return;
    case "comm_failure":
      addClient(store, entry, { client_id: event.client_id, status: "failed" }, 0);
      return;
    case "client_recovered":
      addClient(store, entry, { client_id: event.client_id, status: "active" }, 0);
      return;
    case "round_end":
      endRound(entry, event);
      for (const client of event.clients) addClient(store, entry, client, 0);
  }
}

function clientsOf(event: HiveEvent): readonly ClientMetrics[] {
  return Array.isArray(event.clients) ? event.clients : [];
}

function markAsked(store: RunStore, entry: RoundEntry, id: string): void {
  const columns = columnsOf(entry);
  const row = rowFor(columns, store.clients.add(id));
  columns.asked[row] = 1;
}

function addClient(store: RunStore, entry: RoundEntry, client: ClientMetrics, results: number): void {
  const columns = columnsOf(entry);
  const index = store.clients.add(client.client_id);
  store.clients.place(index, client);
  const row = rowFor(columns, index);
  setFields(columns, row, client);
  columns.results[row] = (columns.results[row] ?? 0) + results;
}

function columnsOf(entry: RoundEntry): RoundColumns {
  entry.columns ??= createRoundColumns(entry.round);
  return entry.columns;
}

/** Derives a round's figures anew from its clients, all of which have to be here. */
export function refreshFigures(entry: RoundEntry): void {
  const columns = entry.columns ?? createRoundColumns(entry.round);
  entry.rows = columns.rows;
  const { round: _, ...figures } = summarizeFigures(entry, clientFigures(roundClients(columns)));
  entry.figures = figures;
}

function roundClients({ rows, results, columns }: RoundColumns): RoundClients {
  const status = columns.get("status");
  return {
    length: rows,
    numbers(name) {
      const cells = columns.get(name);
      const numbers = new Float64Array(rows).fill(Number.NaN);
      if (cells?.numbers === undefined) return numbers;
      for (let row = 0; row < rows; row++) if (cells.kinds[row] === NUMBER) numbers[row] = cells.numbers[row] ?? 0;
      return numbers;
    },
    statusOf(row) {
      const value = status?.kinds[row] === VALUE ? status.values[status.codes?.[row] ?? -1] : undefined;
      return typeof value === "string" ? value : undefined;
    },
    hasResult: (row) => (results[row] ?? 0) > 0,
  };
}

/** Whether results of a round may still come in. */
export function isOpen(run: RunState, entry: RoundEntry): boolean {
  return entry.endedAt === undefined && run.status === "running";
}
