import {
  CLIENT_NUMBERS,
  CLIENT_TEXTS,
  type ClientMetrics,
  type HiveEvent,
  isKnownEvent,
  type RunState,
  stringifyEvent,
  summarizeRound,
} from "@hivewatch/core";

/** An empty client as Python hivewatch writes one: every known field is there, in this order. */
export const EMPTY_CLIENT: Record<string, unknown> = Object.fromEntries(
  ["client_id", ...CLIENT_NUMBERS, ...CLIENT_TEXTS].map((name) => [name, null]),
);

/** An empty round's figures, likewise. */
const EMPTY_FIGURES: Record<string, unknown> = {
  global_accuracy: null,
  global_loss: null,
  num_selected: null,
  num_completed: null,
  num_stragglers: null,
  round_duration_sec: null,
  gradient_norm_dispersion: null,
};

/**
 * An event as the lines of `<run_id>.jsonl` that Python hivewatch would write: one client a line with all known fields,
 * and a round's end with its figures and all of its clients.
 *
 * @param state - the run up to and with this event
 */
export function jsonlLines(event: HiveEvent, state: RunState): string {
  return linesOf(event, state)
    .map((line) => `${stringifyEvent(line)}\n`)
    .join("");
}

function linesOf(event: HiveEvent, state: RunState): Record<string, unknown>[] {
  if (!isKnownEvent(event)) return [event];
  if (event.event_type === "client_update") {
    return event.clients.map((client) => ({ ...event, clients: [fullClient(client, event.round)] }));
  }
  if (event.event_type === "client_recovered") {
    // Python hivewatch doesn't know the type, but takes over what any event of a round says of its clients.
    return [{ ...event, clients: [{ client_id: event.client_id, status: "active" }] }];
  }
  const round = event.event_type === "round_end" ? state.rounds.get(event.round) : undefined;
  if (round === undefined) return [event];
  const { round: _, participation, clients_accuracy, clients_loss, ...figures } = summarizeRound(round);
  const clients = [...round.updates.keys()].flatMap((id) => round.clients.get(id) ?? []);
  const known = Object.fromEntries(Object.entries(figures).filter(([, value]) => value !== undefined));
  return [
    {
      ...event,
      round_metrics: { ...EMPTY_FIGURES, ...known },
      clients: clients.map((client) => fullClient(client, round.round)),
    },
  ];
}

/** @param round - what the client belongs to, if it doesn't say so itself */
function fullClient(client: ClientMetrics, round: number | null): Record<string, unknown> {
  return { ...EMPTY_CLIENT, round, ...client };
}
