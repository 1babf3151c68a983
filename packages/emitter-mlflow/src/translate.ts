import {
  type ClientLimit,
  type ClientMetrics,
  createClientLimit,
  createRoundFollower,
  type FinishedEvent,
  type HiveEvent,
  isKnownEvent,
  type KnownEvent,
  microsFromIso,
} from "@hivewatch/core";
import { clientFigures, type Figure, figuresOf, roundFigures, spreadFigures, systemFigures } from "./figures.ts";
import { isCut, keyOf, safePart, safeText } from "./names.ts";
import { type Param, paramsOf } from "./params.ts";
import { createTables, type TextFile } from "./tables.ts";

/** A value of a metric, as MLflow's API takes it. */
export interface Point {
  readonly key: string;
  readonly value: number;
  /** Milliseconds since 1970, whole ones: MLflow loses what comes after anything else. */
  readonly timestamp: number;
  /** The round. A whole number, likewise. */
  readonly step: number;
}

/** How a run has ended, in MLflow's words. */
export interface RunEnd {
  readonly status: "FINISHED" | "FAILED" | "KILLED";
  /** Milliseconds since 1970. */
  readonly endTime: number;
}

export interface CheckpointFile {
  readonly round: number;
  readonly path: string;
  /** How good the model was in that round, as far as it is known. */
  readonly points: readonly Point[];
  /** What the program says of it. */
  readonly params: readonly Param[];
}

/** What some events say to MLflow. */
export interface Writes {
  readonly points: Point[];
  readonly params: Map<string, Param>;
  readonly tags: Map<string, string>;
  readonly files: TextFile[];
  readonly checkpoints: CheckpointFile[];
  /** The names of the data sets that the run says it trains on. */
  readonly datasets: string[];
  /** The last word on whether the run goes on. Undefined: nothing was said of it. */
  status: RunEnd | { readonly status: "RUNNING" } | undefined;
}

/** What the run itself is, as far as is known. */
export interface RunFacts {
  algorithm: string | undefined;
  /** Milliseconds since 1970. */
  startTime: number | undefined;
}

export interface TranslatorOptions {
  readonly logSystem: boolean;
  readonly logPerClient: boolean;
  readonly logGeo: boolean;
  readonly maxClients: number;
}

/** Turns the events of one run, in the log's order, into what MLflow is told. The same events always give the same. */
export interface Translator {
  readonly facts: Readonly<RunFacts>;
  translate(batch: readonly HiveEvent[]): Writes;
}

export function createTranslator(options: TranslatorOptions): Translator {
  const rounds = createRoundFollower();
  const limit = createClientLimit(options.maxClients);
  const tables = createTables(options.logGeo);
  const facts: RunFacts = { algorithm: undefined, startTime: undefined };
  const merits = createMerits();
  const totals = createTotals();
  let newestRound = 0;

  function take(event: HiveEvent, writes: Writes): void {
    const ended = rounds.take(event);
    const timestamp = millisOf(event.timestamp);
    facts.startTime ??= timestamp;
    if (typeof event.round === "number") newestRound = Math.max(newestRound, event.round);
    const add = (figures: Iterable<Figure>, step: number): void => {
      for (const [key, value] of figures) {
        const point = { key, value, timestamp, step };
        writes.points.push(point);
        merits.note(point);
      }
    };
    const addClients = (clients: readonly ClientMetrics[], round: number | null): void => {
      for (const client of clients) {
        const figures = figuresOfClient({ round, ...client }, options, limit);
        add(figures, client.round ?? round ?? newestRound);
        nameCutClient(client.client_id, figures, writes);
        tables.place(client);
      }
    };

    if (!isKnownEvent(event)) return;
    tables.note(event);
    switch (event.event_type) {
      case "init":
        facts.algorithm = event.algorithm;
        facts.startTime = Math.min(facts.startTime, millisOf(event.started_at));
        noteRun(event, writes);
        return;
      case "client_update":
      case "client_metric":
        addClients(event.clients, event.round);
        return;
      case "client_dropout":
        totals.add("client_dropouts", event.clients.length);
        return;
      case "comm_failure":
        totals.add("comm_failures", 1);
        return;
      case "evaluation":
        add(figuresOf(event.metrics, "eval", safePart(event.source)), event.round);
        return;
      case "checkpoint":
        writes.checkpoints.push({
          round: event.round,
          path: event.path,
          points: merits.of(event.round),
          params: paramsOf(event.metadata ?? {}).params,
        });
        writes.tags.set("hivewatch/checkpoint", safeText(event.path));
        return;
      case "server_metadata":
        noteServer(event.server, options.logGeo, writes);
        return;
      case "round_end":
        // Files of Python hivewatch have the clients there again, which the rounds' updates have already told of.
        if (ended === undefined) return;
        add(roundFigures(ended.summary), event.round);
        if (limit.isExceeded && options.logPerClient) add(spreadFigures(ended.clients), event.round);
        add(totals.all(), event.round);
        return;
      case "finished":
        // Of rounds that never ended.
        add(totals.untold(), newestRound);
        writes.files.push(...tables.files());
        writes.status = endOf(event);
        if (event.reason !== undefined) writes.tags.set("hivewatch/reason", safeText(event.reason));
        writes.tags.set("hivewatch/status", event.status ?? "completed");
        return;
    }
  }

  return {
    facts,
    translate(batch) {
      const writes: Writes = {
        points: [],
        params: new Map(),
        tags: new Map(),
        files: [],
        checkpoints: [],
        datasets: [],
        status: undefined,
      };
      for (const event of batch) take(event, writes);
      return writes;
    },
  };
}

/** The last values of a round that say how good its model is. */
function createMerits() {
  const points = new Map<string, Point>();
  let newest = 0;
  return {
    note(point: Point): void {
      if (!/^(round|eval)\//.test(point.key) || point.step < newest) return;
      if (point.step > newest) points.clear();
      newest = point.step;
      points.set(point.key, point);
    },
    of: (round: number): Point[] => (round === newest ? [...points.values()] : []),
  };
}

function millisOf(time: string): number {
  return Math.max(Math.floor(microsFromIso(time) / 1000), 0);
}

function figuresOfClient(client: ClientMetrics, options: TranslatorOptions, limit: ClientLimit): Figure[] {
  if (!limit.admits(client.client_id)) return [];
  const id = safePart(client.client_id);
  return [
    ...(options.logPerClient ? clientFigures(id, client) : []),
    ...(options.logSystem ? systemFigures(id, client) : []),
  ];
}

/** Where an id is too long for a name, a tag tells whose it is. */
function nameCutClient(id: string, figures: readonly Figure[], writes: Writes): void {
  if (figures.length > 0 && isCut(id)) writes.tags.set(keyOf("hivewatch", "client", safePart(id)), safeText(id));
}

/** What is counted over the whole run, by name. */
function createTotals() {
  const totals = new Map<string, number>();
  const changed = new Set<string>();

  function figures(names: Iterable<string>): Figure[] {
    const told = [...names].map((name): Figure => [keyOf("event", name), totals.get(name) ?? 0]);
    changed.clear();
    return told;
  }

  return {
    add(name: string, count: number): void {
      if (count === 0) return;
      totals.set(name, (totals.get(name) ?? 0) + count);
      changed.add(name);
    },
    all: () => figures(totals.keys()),
    /** Those that have changed since they were told. */
    untold: () => figures(changed),
  };
}

function noteRun(event: KnownEvent & { event_type: "init" }, writes: Writes): void {
  const { params, whole } = paramsOf({ algorithm: event.algorithm, ...event.config });
  for (const param of params) writes.params.set(param.key, param);
  if (whole !== undefined) writes.files.push(whole);
  writes.tags.set("hivewatch/algorithm", safeText(event.algorithm));
  const { dataset } = event.config;
  if (typeof dataset === "string" && dataset !== "") writes.datasets.push(safeText(dataset));
  writes.status = { status: "RUNNING" };
}

const PLACE: ReadonlySet<string> = new Set(["lat", "lng", "city", "country"]);

function noteServer(server: Readonly<Record<string, unknown>>, logGeo: boolean, writes: Writes): void {
  const told = Object.entries(server).filter(([name]) => logGeo || !PLACE.has(name));
  for (const { key, value } of paramsOf(Object.fromEntries(told)).params) {
    writes.tags.set(keyOf("hivewatch", "server", key), value);
  }
}

function endOf(event: FinishedEvent): RunEnd {
  const status = STATUSES[event.status ?? "completed"];
  return { status, endTime: millisOf(event.timestamp) };
}

const STATUSES = { completed: "FINISHED", failed: "FAILED", aborted: "KILLED", lost: "FAILED" } as const;
