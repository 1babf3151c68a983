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
const EMPTY_CLIENT: Record<string, unknown> = Object.fromEntries(
  ["client_id", ...CLIENT_NUMBERS, ...CLIENT_TEXTS].map((name) => [name, null]),
);

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
    return event.clients.map((client) => ({ ...event, clients: [fullClient({ round: event.round, ...client })] }));
  }
  const round = event.event_type === "round_end" ? state.rounds.get(event.round) : undefined;
  if (round === undefined) return [event];
  const { round: _, participation, clients_accuracy, clients_loss, ...figures } = summarizeRound(round);
  const clients = [...round.updates.keys()].flatMap((id) => round.clients.get(id) ?? []);
  return [{ ...event, round_metrics: figures, clients: clients.map(fullClient) }];
}

function fullClient(client: ClientMetrics): Record<string, unknown> {
  return { ...EMPTY_CLIENT, ...client };
}
