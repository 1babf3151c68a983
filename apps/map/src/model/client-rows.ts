import { type ClientMetrics, staleness } from "@hivewatch/core";
import { CLIENT_STATUSES, STATUS_LABELS } from "./client-status.ts";
import { type RoundView, statusAt } from "./round-view.ts";
import type { RunModel } from "./run-model.ts";

/** A number that the client table shows and sorts by. */
export type ClientField =
  | "local_accuracy"
  | "local_loss"
  | "num_samples"
  | "train_time_sec"
  | "bytes_sent"
  | "bytes_received"
  | "staleness";

/** What the client table can be sorted by. */
export type SortKey = "client" | "status" | ClientField;

/** How the client table is sorted. */
export interface Sort {
  readonly key: SortKey;
  readonly descending: boolean;
}

/** A client's number in a round; undefined if it reported none. */
export function fieldValue(metrics: ClientMetrics | undefined, field: ClientField): number | undefined {
  if (metrics === undefined) return undefined;
  return field === "staleness" ? staleness(metrics) : (metrics[field] ?? undefined);
}

/**
 * The clients that match a search, by index in the roster, sorted. Values that are not finite come after those that are,
 * and missing ones last, in either direction.
 */
export function sortedClients(model: RunModel, view: RoundView, sort: Sort, search: string): readonly number[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const matching = byStatus(view).filter((index) => words.length === 0 || matches(model, view, index, words));
  const sign = sort.descending ? -1 : 1;
  if (sort.key === "status") return sort.descending ? matching.reverse() : matching;
  if (sort.key === "client") {
    const { compare } = new Intl.Collator("en", { numeric: true });
    return matching.sort((a, b) => sign * compare(model.roster[a] ?? "", model.roster[b] ?? ""));
  }
  const { key } = sort;
  const values = new Map(matching.map((index) => [index, fieldValue(view.metrics[index], key)]));
  return matching.sort((a, b) => compareValues(values.get(a), values.get(b), sign));
}

function byStatus(view: RoundView): number[] {
  return CLIENT_STATUSES.flatMap((status) => view.members[status]);
}

function matches(model: RunModel, view: RoundView, index: number, words: readonly string[]): boolean {
  const id = model.roster[index] ?? "";
  const { city, country } = model.state.clients.get(id)?.latest ?? {};
  const text = [id, city, country, STATUS_LABELS[statusAt(view, index)]].join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}

function compareValues(a: number | undefined, b: number | undefined, sign: number): number {
  const rank = rankOf(a) - rankOf(b);
  return rank !== 0 || a === undefined || b === undefined || !Number.isFinite(a) ? rank : sign * (a - b);
}

function rankOf(value: number | undefined): number {
  if (value === undefined) return 2;
  return Number.isFinite(value) ? 0 : 1;
}
