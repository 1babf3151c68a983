import type { Overview, RoundTable } from "../data/run-data.ts";
import { fieldLabel } from "./field-names.ts";

/** A column of the table of clients. */
export interface Column {
  readonly field: string;
  readonly label: string;
  readonly title: string | undefined;
}

/** What is shown unless somebody chose otherwise, as far as it was reported. */
const USUAL: readonly string[] = [
  "local_accuracy",
  "local_loss",
  "num_samples",
  "train_time_sec",
  "bytes_sent",
  "bytes_received",
  "staleness",
];

/** So many of an application's own fields are shown where none of the contract's was reported. */
const MAX_OWN = 6;

const SHORT: Readonly<Record<string, { readonly label: string; readonly title: string }>> = {
  bytes_sent: { label: "Up", title: "Bytes from the client to the server" },
  bytes_received: { label: "Down", title: "Bytes from the server to the client" },
  staleness: { label: "Staleness", title: "How many rounds old the model was that the client trained on" },
  round_share: { label: "Rounds", title: "The share of all rounds with a result of the client" },
};

/** Identity and place have columns of their own. */
const NOT_CHOSEN: ReadonlySet<string> = new Set(["client_id", "status", "round", "lat", "lng", "city", "country"]);

/** The columns that can be chosen: numbers in the contract's order, then whatever else was reported in the round. */
export function columnChoices({ metrics }: Overview, table: RoundTable | undefined): string[] {
  const names = new Set([...metrics, ...(table?.columns.keys() ?? [])]);
  if (names.has("base_round")) names.add("staleness");
  return [...names].filter((name) => !NOT_CHOSEN.has(name) && !name.startsWith("_")).concat("round_share");
}

/** The fields of the columns to show: those that were chosen, else the usual ones. */
export function shownFields(chosen: readonly string[], choices: readonly string[]): readonly string[] {
  if (chosen.length > 0) return chosen;
  const usual = USUAL.filter((name) => choices.includes(name));
  const own = usual.length > 0 ? usual : choices.filter((name) => name !== "round_share").slice(0, MAX_OWN);
  return [...own, "round_share"];
}

/** A column as it is headed. */
export function columnOf(field: string): Column {
  const short = Object.hasOwn(SHORT, field) ? SHORT[field] : undefined;
  return { field, label: short?.label ?? fieldLabel(field), title: short?.title ?? field };
}
