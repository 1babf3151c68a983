import {
  type ClientMetrics,
  type EvaluationEvent,
  type FinishedEvent,
  type HiveEvent,
  isKnownEvent,
  type KnownEvent,
  type RoundEndEvent,
  type RoundMetrics,
  type ServerMetadata,
} from "./events.ts";

/** What is known of one round. */
export interface RoundState {
  readonly round: number;
  startedAt: string | undefined;
  endedAt: string | undefined;
  /** The clients that were asked, where the framework knows. */
  selected: readonly string[] | undefined;
  /** What the server reported; {@link summarizeRound} fills in what can be derived. */
  readonly metrics: RoundMetrics;
  /** Everything each client reported in this round, later values over earlier ones, by id, in order of first sight. */
  readonly clients: Map<string, ClientMetrics>;
  /** How many results (`client_update`) each client sent; one that only dropped out or failed isn't here. */
  readonly updates: Map<string, number>;
}

/** What is known of one client over the whole run. */
export interface ClientState {
  readonly clientId: string;
  /** The newest value of each field, from whatever round. */
  readonly latest: ClientMetrics;
  firstSeen: string;
  lastSeen: string;
  /** Rounds in which it sent a result, in order of arrival. */
  readonly rounds: number[];
  dropouts: number;
  failures: number;
}

/** Something that an operator wants to know of. */
export interface Incident {
  readonly kind: "dropout" | "comm_failure" | "recovered" | "non_finite";
  readonly round: number | null;
  readonly clientId: string;
  readonly timestamp: string;
  /** The reason that was given, or the fields that were not finite. */
  readonly detail: string;
}

export interface Checkpoint {
  readonly round: number;
  readonly path: string;
  readonly timestamp: string;
  readonly metadata: Record<string, unknown>;
}

export type RunStatus = "running" | NonNullable<FinishedEvent["status"]>;

/** A run as its events tell it: the one picture that files, pages and destinations are made from. */
export interface RunState {
  runId: string;
  algorithm: string;
  config: Record<string, unknown>;
  startedAt: string | undefined;
  finishedAt: string | undefined;
  status: RunStatus;
  statusReason: string | undefined;
  server: ServerMetadata | undefined;
  /** By number. Rounds may interleave and arrive late: use {@link sortedRounds} where order matters. */
  readonly rounds: Map<number, RoundState>;
  readonly clients: Map<string, ClientState>;
  readonly incidents: Incident[];
  readonly checkpoints: Checkpoint[];
  readonly evaluations: EvaluationEvent[];
  /** The time of the event that came last. */
  lastEventAt: string | undefined;
  eventCount: number;
}

/** A run of which nothing is known yet. */
export function createRunState(runId: string): RunState {
  return {
    runId,
    algorithm: "unknown",
    config: {},
    startedAt: undefined,
    finishedAt: undefined,
    status: "running",
    statusReason: undefined,
    server: undefined,
    rounds: new Map(),
    clients: new Map(),
    incidents: [],
    checkpoints: [],
    evaluations: [],
    lastEventAt: undefined,
    eventCount: 0,
  };
}

/** The rounds by number, ascending. */
export function sortedRounds(state: RunState): RoundState[] {
  return [...state.rounds.values()].sort((a, b) => a.round - b.round);
}

/** Whether a place was reported that can be drawn on a map. */
export function isLocated(place: { lat?: unknown; lng?: unknown } | undefined): place is { lat: number; lng: number } {
  return Number.isFinite(place?.lat) && Number.isFinite(place?.lng);
}

/**
 * Takes one event into the state, in place. Any order of rounds is fine; types and fields that it doesn't know are
 * ignored, but what such an event says of a round's clients is kept, as Python hivewatch does.
 */
export function applyEvent(state: RunState, event: HiveEvent): void {
  state.eventCount++;
  state.lastEventAt = event.timestamp;
  if (isKnownEvent(event)) applyKnown(state, event);
  else if (typeof event.round === "number") {
    roundOf(state, event.round);
    for (const client of event.clients ?? []) mergeClient(state, event.round, client, event.timestamp);
  }
}

function applyKnown(state: RunState, event: KnownEvent): void {
  switch (event.event_type) {
    case "init":
      // A writer that was started again under the same id goes on with the run.
      state.algorithm = event.algorithm;
      state.config = event.config;
      state.startedAt ??= event.started_at;
      setStatus(state, "running", undefined, undefined);
      return;
    case "server_metadata":
      state.server ??= {};
      mergeFields(state.server, event.server);
      return;
    case "round_start": {
      const round = roundOf(state, event.round);
      round.startedAt ??= event.timestamp;
      round.selected = event.selected ?? round.selected;
      return;
    }
    case "client_update":
    case "client_metric":
      for (const client of event.clients) applyClient(state, event, client);
      return;
    case "client_dropout":
      for (const client of event.clients) {
        mergeClient(state, event.round, { ...client, status: "dropped" }, event.timestamp).dropouts++;
        addIncident(state, "dropout", event, client.client_id, event.reason);
      }
      return;
    case "comm_failure":
      mergeClient(state, event.round, { client_id: event.client_id, status: "failed" }, event.timestamp).failures++;
      addIncident(state, "comm_failure", event, event.client_id, event.reason);
      return;
    case "client_recovered":
      mergeClient(state, event.round, { client_id: event.client_id, status: "active" }, event.timestamp);
      addIncident(state, "recovered", event, event.client_id, "");
      return;
    case "round_end":
      applyRoundEnd(state, event);
      return;
    case "checkpoint":
      roundOf(state, event.round);
      state.checkpoints.push({
        round: event.round,
        path: event.path,
        timestamp: event.timestamp,
        metadata: event.metadata ?? {},
      });
      return;
    case "evaluation":
      roundOf(state, event.round);
      state.evaluations.push(event);
      return;
    case "finished":
      setStatus(state, event.status ?? "completed", event.timestamp, event.reason);
      return;
  }
}

function setStatus(
  state: RunState,
  status: RunStatus,
  finishedAt: string | undefined,
  reason: string | undefined,
): void {
  state.status = status;
  state.finishedAt = finishedAt;
  state.statusReason = reason;
}

function applyRoundEnd(state: RunState, event: RoundEndEvent): void {
  endRound(roundOf(state, event.round), event);
  for (const client of event.clients) mergeClient(state, event.round, client, event.timestamp);
}

/** Takes what a `round_end` says of the round itself. */
export function endRound(round: Pick<RoundState, "endedAt" | "metrics">, event: RoundEndEvent): void {
  round.endedAt = event.timestamp;
  // Python hivewatch's name until 0.3.0.
  const { gradient_divergence: divergence, ...metrics } = event.round_metrics;
  mergeFields(round.metrics, { gradient_norm_dispersion: divergence });
  mergeFields(round.metrics, metrics);
}

function applyClient(
  state: RunState,
  event: KnownEvent & { event_type: "client_update" | "client_metric" },
  client: ClientMetrics,
): void {
  const number = client.round ?? event.round;
  const known = mergeClient(state, number, client, event.timestamp);
  const odd = nonFiniteFields(client);
  if (odd.length > 0) addIncident(state, "non_finite", { ...event, round: number }, client.client_id, odd.join(", "));
  if (event.event_type !== "client_update" || number === null) return;
  const round = roundOf(state, number);
  const count = round.updates.get(client.client_id) ?? 0;
  round.updates.set(client.client_id, count + 1);
  if (count === 0) known.rounds.push(number);
}

function nonFiniteFields(client: ClientMetrics): string[] {
  const names: string[] = [];
  for (const name in client) {
    const value = client[name];
    if (typeof value === "number" && !Number.isFinite(value)) names.push(`${name} is ${value}`);
  }
  return names;
}

function addIncident(
  state: RunState,
  kind: Incident["kind"],
  event: { round: number | null; timestamp: string },
  clientId: string,
  detail: string,
): void {
  state.incidents.push({ kind, round: event.round, clientId, timestamp: event.timestamp, detail });
}

function roundOf(state: RunState, number: number): RoundState {
  let round = state.rounds.get(number);
  if (round === undefined) {
    round = {
      round: number,
      startedAt: undefined,
      endedAt: undefined,
      selected: undefined,
      metrics: {},
      clients: new Map(),
      updates: new Map(),
    };
    state.rounds.set(number, round);
  }
  return round;
}

function mergeClient(state: RunState, number: number | null, update: ClientMetrics, timestamp: string): ClientState {
  const id = update.client_id;
  let known = state.clients.get(id);
  if (known === undefined) {
    known = {
      clientId: id,
      latest: newClient(id),
      firstSeen: timestamp,
      lastSeen: timestamp,
      rounds: [],
      dropouts: 0,
      failures: 0,
    };
    state.clients.set(id, known);
  }
  known.lastSeen = timestamp;
  mergeFields(known.latest, update);
  if (number === null) return known;
  const clients = roundOf(state, number).clients;
  const inRound = clients.get(id) ?? newClient(id);
  clients.set(id, inRound);
  mergeFields(inRound, update);
  return known;
}

/** Not simply `{ client_id: id }`, which V8 makes a dictionary, slow and large, as soon as it gets a seventeenth field. */
function newClient(id: string): ClientMetrics {
  return Object.assign({}, { client_id: id });
}

/** Lays what is known over what was: absent and null values leave the older ones. */
function mergeFields(target: Record<string, unknown>, update: Readonly<Record<string, unknown>>): void {
  for (const name in update) {
    const value = update[name];
    if (value !== undefined && value !== null) target[name] = value;
  }
}
