import type { Clients, RoundTable, Tally } from "../data/run-data.ts";

/** What is searched: the clients, how they stand in a round, and how often they took part. */
export interface SearchSource {
  readonly clients: Clients;
  readonly table: RoundTable | undefined;
  readonly tally: Tally;
}

const ALIASES: Readonly<Record<string, string>> = {
  id: "client_id",
  client: "client_id",
  acc: "local_accuracy",
  accuracy: "local_accuracy",
  loss: "local_loss",
};

/** The fields that every run has. */
export const OWN_FIELDS: readonly string[] = [
  "id",
  "status",
  "city",
  "country",
  "round_share",
  "dropouts",
  "failures",
  "stragglers",
  "last_result",
  "lat",
  "lng",
];

/** The field that a name stands for. */
export function fieldOf(name: string): string {
  return Object.hasOwn(ALIASES, name) ? (ALIASES[name] ?? name) : name;
}

/** Whether anybody reported the field in the round, or every run has it. */
export function isKnownField(table: RoundTable | undefined, name: string): boolean {
  const field = fieldOf(name);
  return (
    field === "client_id" ||
    OWN_FIELDS.includes(field) ||
    table?.columns.has(field === "staleness" ? "base_round" : field) === true
  );
}
