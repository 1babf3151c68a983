import { decodeMapPart, decodeMapTable, type MapHead } from "@hivewatch/core";
import type { Connection, History, UnreadRounds } from "../data/run-data.ts";
import { createEventQueue, type EventQueue } from "./event-queue.ts";
import { reasoned } from "./feed-store.ts";
import { historyOf } from "./history.ts";
import { letGo } from "./let-go.ts";
import { httpMapSource, type MapSource } from "./map-source.ts";
import type { Request, RunAddress, Update } from "./messages.ts";
import { overviewOf } from "./overview.ts";
import { createPacer } from "./pacer.ts";
import { createReadings } from "./readings.ts";
import { createRoundColumns, type RoundColumns } from "./round-columns.ts";
import { roundTable } from "./round-table.ts";
import {
  createRunStore,
  isOpen,
  passOver,
  type RoundEntry,
  refreshFigures,
  takeClients,
  takeEvent,
  takeHead,
  takeParts,
} from "./run-store.ts";

/** Reads a run, keeps it in columns, and tells the page what it wants to know of it. */
export interface Engine {
  take(request: Request): void;
  close(): void;
}

/** So much of the rounds' columns is held in memory, about; the rest can be fetched again. */
const MAX_HELD_BYTES = 192 * 1024 * 1024;

/** Of runs that are larger, compressed, the newest rounds are read in the background to learn of them. */
const MAX_READ_BYTES = 256 * 1024 * 1024;

/** So much is fetched at a time in the background, compressed. */
const BATCH_BYTES = 4 * 1024 * 1024;
const BATCH_ROUNDS = 16;

/** Of what happened beside results so many parts are read, the newest. */
const NOTABLE_PARTS = 2;

/** While a round that somebody wants is being drawn, reading in the background waits, but each time no longer than this. */
const QUIET_MS = 250;
const MAX_WAIT_MS = 2_000;

/** So many rounds are fetched ahead of who goes on by no more than so many at a time. */
const AHEAD_ROUNDS = 8;
const AHEAD_STEP = 4;

/** The page is told of changes no more often than this, and never more than a part of the time. */
const PUBLISH_MS = 100;
const PUBLISH_SHARE = 4;

/** A round that goes on is read anew no more often than this. */
const REREAD_MS = 2_000;

/**
 * Opens a run.
 *
 * @param publish - tells the page; what comes together is shown together
 * @param maxReadBytes - so much is read in the background to learn of every round, compressed
 */
export function createEngine(
  address: RunAddress,
  publish: (updates: readonly Update[]) => void,
  maxReadBytes = MAX_READ_BYTES,
): Engine {
  const { runId, round } = address;
  const { stream } = addressesOf(address);
  let { source } = addressesOf(address);
  let store = createRunStore(runId);
  let readings = createReadings();
  let head: MapHead | undefined;
  let queue: EventQueue | undefined;
  let connection: Connection = { phase: "loading", lastArrival: undefined };
  let shown: number | undefined;
  /** Whose table the page has. */
  let told: number | undefined;
  let movedAt = 0;
  const digests = new Set<string>();
  let wantsParticipation = false;
  let isClosed = false;
  let isOpening = false;

  const used = new Map<number, number>();
  let clock = 0;
  const fetching = new Map<number, Promise<void>>();
  const readAt = new Map<number, number>();
  let readBytes = 0;
  let isReading = false;
  let clientsReady: Promise<void> = Promise.resolve();

  let connectionChanged = false;
  let overviewChanged = true;
  let tableChanged = true;
  let readingsChanged = false;
  const pacer = createPacer(flush, { everyMs: PUBLISH_MS, restShare: PUBLISH_SHARE });

  function setConnection(change: Partial<Connection>): void {
    connection = { ...connection, ...change };
    connectionChanged = true;
    schedule();
  }

  // --- what is fetched -------------------------------------------------------------------------------------------

  async function fetchHead(): Promise<MapHead | undefined> {
    const found = await source.head();
    if (found === "unchanged" || found === undefined) return head;
    const isMoved = head?.frames.id !== found.frames.id;
    const known = head;
    head = found;
    takeHead(store, found);
    clientsReady = fetchClients(found, isMoved ? undefined : known);
    await clientsReady;
    await fetchNotable(found, known);
    return found;
  }

  async function fetchClients(found: MapHead, known: MapHead | undefined): Promise<void> {
    const wanted = found.clients.parts.flatMap((place, i) => {
      const before = known?.clients.parts[i];
      return before?.[0] === place[0] && before[1] === place[1] ? [] : [{ place, i }];
    });
    const parts = await source.parts(
      found,
      wanted.map(({ place }) => place),
    );
    for (const [k, part] of (parts ?? []).entries()) {
      takeClients(store, (wanted[k]?.i ?? 0) * found.part_rows, decodeMapTable(part));
    }
  }

  /** What happened before the page was opened; what happens then comes with the stream. */
  async function fetchNotable(found: MapHead, known: MapHead | undefined): Promise<void> {
    if (known !== undefined || found.notable.count === 0) return;
    takeNotable(found, (await source.parts(found, found.notable.parts.slice(-NOTABLE_PARTS))) ?? []);
  }

  function takeNotable(found: MapHead, parts: readonly Uint8Array[]): void {
    for (const part of parts) store.feed.addTable(decodeMapTable(part), (index) => store.mapClients[index] ?? 0);
    store.feed.setTotal(found.notable.count);
  }

  /** Fetches rounds that are in the map alone. */
  async function fetchRounds(entries: readonly RoundEntry[]): Promise<void> {
    const wanted = entries.filter(({ columns, round }) => columns === undefined && !fetching.has(round));
    if (wanted.length > 0) {
      const work = fetchParts(wanted).finally(() => {
        for (const { round } of wanted) fetching.delete(round);
      });
      for (const { round } of wanted) fetching.set(round, work);
    }
    await Promise.all(entries.map(({ round }) => fetching.get(round)));
  }

  async function fetchParts(entries: readonly RoundEntry[]): Promise<void> {
    for (let tried = 0; tried < 3 && head !== undefined; tried++) {
      const from = head;
      const parts = await source.parts(
        from,
        entries.flatMap(({ places }) => places),
      );
      // A round names its clients by their places in the map's table of them.
      await clientsReady;
      if (parts === undefined || head !== from) {
        // The frames have been moved: the head says where to.
        await fetchHead();
        continue;
      }
      let next = 0;
      for (const entry of entries) {
        const own = parts.slice(next, next + entry.places.length).map(decodeMapPart);
        next += entry.places.length;
        const hadWaiting = entry.waiting.length > 0;
        if (entry.columns === undefined) takeParts(store, entry, own, from.position);
        if (hadWaiting) store.changed.add(entry.round);
      }
      return;
    }
  }

  // --- what is learned -------------------------------------------------------------------------------------------

  /** Reads all rounds in the background, the newest first. If the server goes away, it goes on when that is back. */
  async function readAll(): Promise<void> {
    if (isReading) return;
    isReading = true;
    try {
      await readBatches();
    } catch {
      setConnection({ phase: "reconnecting" });
    } finally {
      isReading = false;
      // What it leaves is told of now.
      readingsChanged = true;
      schedule();
    }
  }

  async function readBatches(): Promise<void> {
    while (!isClosed) {
      await untilQuiet();
      const batch = nextBatch();
      if (batch.length === 0) break;
      await fetchRounds(batch);
      for (const entry of batch) readRound(entry);
      relieve();
      schedule();
      await pause();
    }
  }

  async function untilQuiet(): Promise<void> {
    for (let waited = 0; waited < MAX_WAIT_MS && Date.now() - movedAt < QUIET_MS; waited += QUIET_MS) {
      await pause(QUIET_MS);
    }
  }

  function nextBatch(): RoundEntry[] {
    if (readBytes > maxReadBytes) return [];
    const unread = sorted().filter((entry) => !readings.has(entry.round));
    const batch = within(unread.slice(-BATCH_ROUNDS).reverse(), BATCH_BYTES);
    readBytes += batch.reduce((sum, entry) => sum + bytesOf(entry), 0);
    return batch;
  }

  function readRound(entry: RoundEntry): void {
    const columns = columnsOf(entry);
    if (columns === undefined) return;
    readings.read(columns, isOpen(store.run, entry));
    readAt.set(entry.round, Date.now());
    readingsChanged = true;
  }

  function sorted(): RoundEntry[] {
    return [...store.rounds.values()].sort((a, b) => a.round - b.round);
  }

  function relieve(): void {
    const stuck = letGo(store.rounds.values(), {
      maxBytes: MAX_HELD_BYTES,
      keeps: (round) => round === shown,
      mapPosition: head?.position ?? -1,
      usedAt: (round) => used.get(round) ?? 0,
    });
    if (stuck > 0 && head !== undefined) refreshHead();
  }

  let headAskedAt = 0;

  /** Asks for a newer head, so that what it tells of need not be held any longer. */
  function refreshHead(): void {
    if (Date.now() - headAskedAt < REREAD_MS) return;
    headAskedAt = Date.now();
    fetchHead().catch(() => {});
  }

  // --- what comes in ---------------------------------------------------------------------------------------------

  function startQueue(address: string, lastId: string): EventQueue {
    return createEventQueue(address, lastId, {
      onEvents(events, position, arrival) {
        const missing = events.flatMap((event) => takeEvent(store, event, position));
        if (missing.length > 0) fetchRounds([...new Set(missing)]).then(schedule, () => {});
        if (connection.phase === "live") setConnection({ lastArrival: arrival });
        overviewChanged = true;
        schedule();
      },
      onPhase(phase) {
        setConnection({ phase: phase === "loading" && head !== undefined ? "live" : phase });
        if (phase !== "loading" && phase !== "reconnecting") void readAll();
      },
      onReload() {
        void open();
      },
      onBehind() {
        // What can't be had more cheaply is taken event by event.
        skipAhead().catch(() => {});
      },
    });
  }

  /** What is in the map already need not be taken event by event: of most rounds nobody looks at more than the figures. */
  async function skipAhead(): Promise<void> {
    const known = head;
    const found = await source.head();
    if (found === undefined || found === "unchanged") return;
    await fetchClients(found, known?.frames.id === found.frames.id ? known : undefined);
    const notable = await source.parts(found, found.notable.parts.slice(-NOTABLE_PARTS));
    if (notable === undefined || isClosed) return;
    // From here on at once: what is taken twice would count twice.
    head = found;
    if (queue?.skipTo(found.position) !== true) {
      takeHead(store, found);
      return;
    }
    const changed = passOver(store, found);
    readings.forget(changed);
    if (shown !== undefined && changed.includes(shown)) tableChanged = true;
    store.feed.clear();
    takeNotable(found, notable);
    overviewChanged = true;
    schedule();
    void readAll();
  }

  // --- what is told ----------------------------------------------------------------------------------------------

  function schedule(): void {
    if (!isOpening && !isClosed) pacer.ask();
  }

  function flush(): void {
    absorbChanges();
    tell();
  }

  /** Derives what follows from the rounds that have changed. */
  function absorbChanges(): void {
    const now = Date.now();
    let later = false;
    for (const round of store.changed) {
      const entry = store.rounds.get(round);
      if (entry === undefined || (entry.columns === undefined && entry.places.length > 0)) continue;
      refreshFigures(entry);
      overviewChanged = true;
      if (round === shown) tableChanged = true;
      if (isOpen(store.run, entry) && now - (readAt.get(round) ?? 0) < REREAD_MS) {
        later = true;
        continue;
      }
      // What was not read before is read once the run's beginning is here.
      if (connection.phase !== "loading" || readings.has(round)) readRound(entry);
      store.changed.delete(round);
    }
    relieve();
    if (later) setTimeout(schedule, REREAD_MS);
  }

  function tell(): void {
    const updates = newClients();
    if (overviewChanged) {
      overviewChanged = false;
      updates.push({ kind: "overview", value: overviewOf(store, readings.metrics()) });
    }
    if (tableChanged) updates.push(...shownTable());
    const feed = store.feed.news();
    if (feed !== undefined) updates.push({ kind: "feed", value: feed });
    if (readingsChanged) updates.push(...whatWasRead());
    // Last, so that whoever is told that everything is here has it.
    if (connectionChanged) updates.push({ kind: "connection", value: connection });
    connectionChanged = false;
    if (updates.length > 0) publish(updates);
  }

  /** What somebody waits for is not kept for the next time. */
  function tellTable(): void {
    const updates = isOpening ? [] : shownTable();
    if (updates.length > 0) publish([...newClients(), ...updates]);
  }

  function newClients(): Update[] {
    const news = store.clients.news();
    return news === undefined ? [] : [{ kind: "clients", value: news }];
  }

  /** The table of the shown round, which is fetched if it is not here. */
  function shownTable(): Update[] {
    const entry = shown === undefined ? undefined : store.rounds.get(shown);
    if (entry === undefined) return [];
    used.set(entry.round, ++clock);
    const columns = columnsOf(entry);
    if (columns !== undefined) {
      tableChanged = false;
      told = entry.round;
      return [{ kind: "table", value: roundTable(columns, isOpen(store.run, entry)) }];
    }
    fetchRounds([entry]).then(
      () => (entry.columns === undefined ? schedule() : tellTable()),
      () => {},
    );
    return [];
  }

  function show(next: number | undefined): void {
    const before = shown;
    shown = next;
    if (shown === told && !tableChanged) return;
    movedAt = Date.now();
    tableChanged = true;
    tellTable();
    if (before !== undefined && next !== undefined) fetchAhead(before, next);
  }

  /** Where somebody goes from round to round, the next ones are fetched before they are asked for. */
  function fetchAhead(before: number, at: number): void {
    const entries = sorted();
    if (at < before) entries.reverse();
    const place = entries.findIndex(({ round: number }) => number === at);
    if (Math.abs(place - entries.findIndex(({ round: number }) => number === before)) > AHEAD_STEP) return;
    const ahead = entries.slice(place + 1, place + 1 + AHEAD_ROUNDS);
    if (ahead.slice(0, AHEAD_ROUNDS / 2).every(({ columns }) => columns !== undefined)) return;
    for (const entry of ahead) used.set(entry.round, ++clock);
    fetchRounds(within(ahead, BATCH_BYTES)).then(relieve, () => {});
  }

  function whatWasRead(): Update[] {
    readingsChanged = false;
    overviewChanged = true;
    schedule();
    const numbers = Float64Array.from(sorted(), ({ round }) => round);
    const clients = store.clients.size;
    const unread = unreadRounds(numbers);
    const findings = readings.findings(numbers, clients);
    const wanted = numbers.length - (unread?.count ?? 0);
    const updates: Update[] = [
      { kind: "progress", value: wanted === 0 ? 1 : readings.size / wanted, unread },
      { kind: "tally", value: readings.tally(clients) },
      { kind: "findings", value: { ...findings, list: findings.list.map(reasoned(store.feed)) } },
    ];
    for (const field of digests) updates.push({ kind: "digest", value: readings.digest(field, numbers) });
    if (wantsParticipation) updates.push({ kind: "participation", value: readings.participation(numbers, clients) });
    return updates;
  }

  /** Those that are left when as much has been read as may be. */
  function unreadRounds(numbers: Float64Array): UnreadRounds | undefined {
    if (readBytes <= maxReadBytes || isReading) return undefined;
    const unread = numbers.filter((number) => !readings.has(number));
    const [first, last] = [unread[0], unread.at(-1)];
    return first === undefined || last === undefined ? undefined : { count: unread.length, first, last };
  }

  async function tellHistory(requestId: number, clients: readonly number[]): Promise<void> {
    const entries = sorted();
    const history: History = await historyOf(clients, entries, async (entry) => {
      const wasHeld = entry.columns !== undefined;
      if (!wasHeld) await fetchRounds(entries.filter((other) => Math.abs(other.round - entry.round) < 8));
      // What a client's rounds are measured by is known of those that have been read.
      if (!readings.has(entry.round) && readBytes <= maxReadBytes) readRound(entry);
      relieve();
      return { columns: entry.columns, open: isOpen(store.run, entry), usual: readings.usual(entry.round) };
    });
    const findings = [...readings.silence(clients, store.clients.size), ...history.findings];
    publish([{ kind: "history", id: requestId, value: { ...history, findings: findings.map(reasoned(store.feed)) } }]);
  }

  // --- begin and end ---------------------------------------------------------------------------------------------

  async function open(): Promise<void> {
    queue?.close();
    store = createRunStore(runId);
    readings = createReadings();
    head = undefined;
    source = addressesOf(address).source;
    readBytes = 0;
    told = undefined;
    overviewChanged = true;
    isOpening = true;
    if (connection.phase !== "loading") setConnection({ phase: "loading" });
    try {
      const found = await source.head();
      if (found !== undefined && found !== "unchanged") await takeFirstHead(found);
    } catch {
      // Without a map everything comes over the stream.
    }
    isOpening = false;
    schedule();
    if (isClosed) return;
    if (stream !== undefined) queue = startQueue(stream, endOfMap());
    else {
      setConnection({ phase: "saved" });
      void readAll();
    }
  }

  /** Where the stream goes on. */
  function endOfMap(): string {
    return head === undefined ? "" : String(head.position);
  }

  /** The rounds' figures are drawn while a round's clients are being fetched, and these then all at once. */
  async function takeFirstHead(found: MapHead): Promise<void> {
    head = found;
    takeHead(store, found);
    store.changed.clear();
    overviewChanged = false;
    const entry = store.rounds.get(shown ?? round ?? Number.NaN) ?? sorted().at(-1);
    clientsReady = fetchClients(found, undefined);
    const ready = Promise.all([clientsReady, entry === undefined ? undefined : fetchRounds([entry])]);
    publish([{ kind: "overview", value: overviewOf(store, []) }]);
    await ready;
    shown ??= entry?.round;
    tableChanged = true;
    movedAt = Date.now();
    tell();
    await fetchNotable(found, undefined);
  }

  void open();
  return {
    take(request) {
      switch (request.kind) {
        case "show":
          show(request.round);
          return;
        case "digest":
          digests.add(request.field);
          readingsChanged = true;
          schedule();
          return;
        case "participation":
          wantsParticipation = true;
          readingsChanged = true;
          schedule();
          return;
        case "hear":
          queue?.hear(request.position);
          return;
        case "history":
          void tellHistory(request.id, request.clients);
          return;
      }
    },
    close() {
      isClosed = true;
      pacer.close();
      queue?.close();
    },
  };
}

function addressesOf({ runId, base, map }: RunAddress): { source: MapSource; stream: string | undefined } {
  const at = (path: string): string => new URL(path, base).href;
  if (map !== undefined) return { source: httpMapSource(at(map), at(map.replace(/\.json$/, ""))), stream: undefined };
  const id = encodeURIComponent(runId);
  return {
    source: httpMapSource(at(`runs/${id}/map2`), at(`runs/${id}/map2/frames`)),
    stream: at(`stream?${new URLSearchParams({ run_id: runId, batch: "1" })}`),
  };
}

/** The first of some rounds, as far as what has to be fetched of them takes no more; one at least. */
function within(entries: readonly RoundEntry[], maxBytes: number): RoundEntry[] {
  let bytes = 0;
  return entries.filter((entry, i) => {
    bytes += bytesOf(entry);
    return i === 0 || bytes <= maxBytes;
  });
}

/** What happened in a round: nothing, if nobody took part; undefined as long as it isn't here. */
function columnsOf({ round, columns, places }: RoundEntry): RoundColumns | undefined {
  return columns ?? (places.length === 0 ? createRoundColumns(round) : undefined);
}

/** How much has to be fetched of a round, compressed. */
function bytesOf({ columns, places }: RoundEntry): number {
  return columns === undefined ? places.reduce((sum, [, length]) => sum + length, 0) : 0;
}

/** Lets requests be taken between two pieces of work. */
function pause(ms = 0): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
