import { batch, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Update } from "../engine/messages.ts";
import { startEngine } from "../engine/start-engine.ts";
import { type ClientBook, createClientBook } from "./client-book.ts";
import { getOrAdd } from "./get-or-add.ts";
import type {
  Connection,
  Digest,
  Feed,
  Findings,
  History,
  Overview,
  Participation,
  RoundTable,
  RunData,
  Tally,
  UnreadRounds,
} from "./run-data.ts";

/**
 * Opens a run: it is read, and kept, in a thread of its own.
 *
 * @param map - the head of its map, if that is on a file server
 */
export function openRunData(runId: string, map?: string): RunData {
  const engine = startEngine(runId, map);
  const { ask } = engine;
  const book: ClientBook = createClientBook();
  const connection = signal<Connection>({ phase: "loading", lastArrival: undefined });
  const overview = signal(emptyOverview(runId));
  const clients = signal(book.clients);
  const tally = signal<Tally>(EMPTY_TALLY);
  const findings = signal<Findings>(NO_FINDINGS);
  const feed = signal<Feed>({ total: 0, entries: [] });
  const progress = signal(0);
  const unread = signal<UnreadRounds | undefined>(undefined);
  const table = signal<RoundTable | undefined>(undefined);
  const participation = signal<Participation>({ clients: new Uint32Array(0), rounds: 0, status: new Uint8Array(0) });
  const digests = new Map<string, Signal<Digest>>();
  const histories = new Map<number, (history: History) => void>();
  let nextId = 0;
  let stopShowing: (() => void) | undefined;
  let wantsParticipation = false;

  function take(update: Update): void {
    switch (update.kind) {
      case "connection":
        connection.value = update.value;
        return;
      case "overview":
        overview.value = update.value;
        return;
      case "clients":
        clients.value = book.add(update.value);
        return;
      case "table":
        table.value = update.value;
        return;
      case "tally":
        tally.value = update.value;
        return;
      case "findings":
        findings.value = update.value;
        return;
      case "feed":
        feed.value = update.value;
        return;
      case "progress":
        progress.value = update.value;
        unread.value = update.unread;
        return;
      case "digest":
        digestSignal(update.value.field).value = update.value;
        return;
      case "participation":
        participation.value = update.value;
        return;
      case "history":
        histories.get(update.id)?.(update.value);
        histories.delete(update.id);
        return;
    }
  }

  function digestSignal(field: string): Signal<Digest> {
    return getOrAdd(digests, field, () => signal(emptyDigest(field)));
  }

  engine.listen((updates) => {
    batch(() => {
      for (const update of updates) take(update);
    });
  });

  return {
    runId,
    connection,
    overview,
    clients,
    tally,
    findings,
    feed,
    progress,
    unread,
    table(round: ReadonlySignal<number | undefined>) {
      stopShowing?.();
      stopShowing = effect(() => ask({ kind: "show", round: round.value }));
      return table;
    },
    digest(field) {
      if (!digests.has(field)) ask({ kind: "digest", field });
      return digestSignal(field);
    },
    participation() {
      if (!wantsParticipation) ask({ kind: "participation" });
      wantsParticipation = true;
      return participation;
    },
    history(wanted) {
      const id = nextId++;
      return new Promise((resolve) => {
        histories.set(id, resolve);
        ask({ kind: "history", id, clients: wanted });
      });
    },
    hear: (position) => ask({ kind: "hear", position }),
    close() {
      stopShowing?.();
      engine.stop();
    },
  };
}

const EMPTY_TALLY: Tally = {
  rounds: 0,
  completed: new Uint32Array(0),
  involved: new Uint32Array(0),
  dropouts: new Uint32Array(0),
  failures: new Uint32Array(0),
  stragglers: new Uint32Array(0),
  lastResult: new Float64Array(0),
};

const NO_FINDINGS: Findings = {
  list: [],
  counts: { failure: 0, dropout: 0, non_finite: 0, missing: 0, silent: 0, outlier: 0, straggler: 0 },
  byRound: new Uint32Array(0),
};

function emptyOverview(runId: string): Overview {
  return {
    runId,
    algorithm: "unknown",
    config: {},
    status: "running",
    statusReason: undefined,
    startedAt: undefined,
    finishedAt: undefined,
    lastEventAt: undefined,
    server: undefined,
    events: 0,
    rounds: {
      numbers: new Float64Array(0),
      startedAt: new Float64Array(0),
      endedAt: new Float64Array(0),
      open: new Uint8Array(0),
      clients: new Float64Array(0),
      figures: new Map(),
      notes: new Map(),
    },
    metrics: [],
  };
}

function emptyDigest(field: string): Digest {
  return {
    field,
    count: new Uint32Array(0),
    nonFinite: new Uint32Array(0),
    mean: new Float64Array(0),
    quantiles: new Float64Array(0),
  };
}
