import {
  CLIENT_NUMBERS,
  CLIENT_TEXTS,
  type ClientMetrics,
  type HiveEvent,
  isKnownEvent,
  type RoundState,
  type RoundSummary,
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

/** What a line of a round's end says of the round. */
export interface RoundLine {
  readonly summary: RoundSummary;
  /** Those clients that sent a result, each as the JSON of {@link fullClient}. */
  readonly clients: Iterable<string>;
}

/** Of a round with more clients than that, the line of its end has the figures alone. */
export const MAX_LINE_CLIENTS = 500;

/**
 * An event as the lines of `<run_id>.jsonl` that Python hivewatch would write: one client a line with all known fields,
 * and a round's end with its figures and, if they are not too many, all of its clients.
 *
 * @param state - the run up to and with this event
 */
export function jsonlLines(event: HiveEvent, state: RunState): string {
  return eventLines(event, (number) => {
    const round = state.rounds.get(number);
    return round && { summary: summarizeRound(round), clients: resultsOf(round) };
  });
}

function resultsOf(round: RoundState): string[] {
  if (round.clients.size > MAX_LINE_CLIENTS) return [];
  const sent = [...round.clients.values()].filter((client) => round.updates.has(client.client_id));
  return sent.map((client) => stringifyEvent(fullClient(client, round.round)));
}

/**
 * {@link jsonlLines} of a run that is held in another way.
 *
 * @param roundLine - what is known of a round up to and with this event
 */
export function eventLines(event: HiveEvent, roundLine: (round: number) => RoundLine | undefined): string {
  if (isKnownEvent(event)) {
    if (event.event_type === "round_end") {
      const line = roundLine(event.round);
      if (line !== undefined) return roundEndLine(event, line);
    }
    if (event.event_type === "client_update") {
      const lines = event.clients.map((client) => ({ ...event, clients: [fullClient(client, event.round)] }));
      return lines.map(asLine).join("");
    }
    if (event.event_type === "client_recovered") {
      // Python hivewatch doesn't know the type, but takes over what any event of a round says of its clients.
      return asLine({ ...event, clients: [{ client_id: event.client_id, status: "active" }] });
    }
  }
  return asLine(event);
}

function asLine(value: unknown): string {
  return `${stringifyEvent(value)}\n`;
}

function roundEndLine(event: HiveEvent, { summary, clients }: RoundLine): string {
  const { round: _, participation, clients_accuracy, clients_loss, ...figures } = summary;
  const known = Object.fromEntries(Object.entries(figures).filter(([, value]) => value !== undefined));
  const line = { ...event, round_metrics: { ...EMPTY_FIGURES, ...known }, clients: [] };
  const members = Object.entries(line).map(([name, value]) => {
    if (value === undefined) return "";
    const json = name === "clients" ? `[${[...clients].join(",")}]` : stringifyEvent(value);
    return `${JSON.stringify(name)}:${json}`;
  });
  return `{${members.filter((member) => member !== "").join(",")}}\n`;
}

/** @param round - what the client belongs to, if it doesn't say so itself */
function fullClient(client: ClientMetrics, round: number | null): Record<string, unknown> {
  return { ...EMPTY_CLIENT, round, ...client };
}
