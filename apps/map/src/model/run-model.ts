import { applyEvent, createRunState, type HiveEvent, type RoundState, type RunState } from "@hivewatch/core";

/** A run's state, and what the page needs to know of its changes so as to recompute no more than has to be. */
export interface RunModel {
  readonly state: RunState;
  /** Every client that was heard of or asked, in order of first sight. A client's index in it never changes. */
  readonly roster: string[];
  readonly rosterIndex: Map<string, number>;
  /** How often each round changed. */
  readonly revisions: Map<number, number>;
  /** The rounds' numbers, ascending. */
  rounds: readonly number[];
  /** How often a client or the server turned out to be somewhere else. */
  placesRevision: number;
}

/** The model of a run of which nothing is known yet. */
export function createRunModel(runId: string): RunModel {
  return {
    state: createRunState(runId),
    roster: [],
    rosterIndex: new Map(),
    revisions: new Map(),
    rounds: [],
    placesRevision: 0,
  };
}

/** Takes events into the model, in place. */
export function foldEvents(model: RunModel, events: readonly HiveEvent[]): void {
  for (const event of events) foldEvent(model, event);
  if (model.rounds.length !== model.state.rounds.size) {
    model.rounds = [...model.state.rounds.keys()].sort((a, b) => a - b);
  }
}

function foldEvent(model: RunModel, event: HiveEvent): void {
  if (movesSomebody(model.state, event)) model.placesRevision++;
  applyEvent(model.state, event);
  touchRound(model, event.round);
  const { clients, selected, client_id: clientId } = event;
  if (Array.isArray(clients)) {
    for (const client of clients) {
      addToRoster(model, client.client_id);
      if (client.round !== event.round) touchRound(model, client.round);
    }
  }
  if (Array.isArray(selected)) for (const id of selected) addToRoster(model, id);
  if (typeof clientId === "string") addToRoster(model, clientId);
}

function movesSomebody(state: RunState, event: HiveEvent): boolean {
  if (event.event_type === "server_metadata") return true;
  if (!Array.isArray(event.clients)) return false;
  return event.clients.some(({ client_id: id, lat, lng }) => {
    if (typeof lat !== "number" && typeof lng !== "number") return false;
    const latest = state.clients.get(id)?.latest;
    return latest?.lat !== lat || latest?.lng !== lng;
  });
}

function touchRound(model: RunModel, round: unknown): void {
  if (typeof round === "number") model.revisions.set(round, (model.revisions.get(round) ?? 0) + 1);
}

function addToRoster(model: RunModel, id: unknown): void {
  if (typeof id !== "string" || model.rosterIndex.has(id)) return;
  model.rosterIndex.set(id, model.roster.length);
  model.roster.push(id);
}

/** Makes a function of a round that is computed again only when the round has changed. */
export function perRound<T>(compute: (round: RoundState) => T): (model: RunModel, round: RoundState) => T {
  const known = new WeakMap<RoundState, { revision: number; value: T }>();
  return (model, round) => {
    const revision = model.revisions.get(round.round) ?? 0;
    const cached = known.get(round);
    if (cached?.revision === revision) return cached.value;
    const value = compute(round);
    known.set(round, { revision, value });
    return value;
  };
}
