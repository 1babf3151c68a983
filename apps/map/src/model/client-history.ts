import type { ClientMetrics, Incident } from "@hivewatch/core";
import { type ClientStatus, clientStatus, stragglerLimit } from "./client-status.ts";
import { isOpen } from "./round-view.ts";
import { perRound, type RunModel } from "./run-model.ts";

/** A client in one round. */
export interface HistoryEntry {
  readonly round: number;
  readonly status: ClientStatus;
  readonly metrics: ClientMetrics | undefined;
}

const limitOf = perRound(stragglerLimit);

/** A client over all rounds, ascending. */
export function clientHistory(model: RunModel, id: string): HistoryEntry[] {
  return model.rounds.flatMap((number) => {
    const round = model.state.rounds.get(number);
    if (round === undefined) return [];
    const metrics = round.clients.get(id);
    const status = clientStatus({
      metrics,
      updated: round.updates.has(id),
      selected: round.selected?.includes(id) ?? false,
      open: isOpen(model, round),
      limit: limitOf(model, round),
    });
    return [{ round: number, metrics, status }];
  });
}

/** The incidents of one client, the newest first. */
export function clientIncidents(model: RunModel, id: string): Incident[] {
  return model.state.incidents.filter(({ clientId }) => clientId === id).reverse();
}

/** Fields that say who and where, not how it went. */
const NOT_METRICS: ReadonlySet<string> = new Set(["client_id", "round", "status", "lat", "lng", "city", "country"]);

/** What a client reported about a round beyond who and where it is. Names that begin with `_` are not for cards. */
export function reportedFields(metrics: ClientMetrics): [name: string, value: unknown][] {
  return Object.entries(metrics).filter(
    ([name, value]) => !NOT_METRICS.has(name) && !name.startsWith("_") && value !== null && value !== undefined,
  );
}
