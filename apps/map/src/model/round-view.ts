import type { ClientMetrics, RoundState } from "@hivewatch/core";
import { CLIENT_STATUSES, type ClientStatus, clientStatus, stragglerLimit } from "./client-status.ts";
import type { RunModel } from "./run-model.ts";

/** How every client of the run stands in one round. The arrays go by the index of `RunModel.roster`. */
export interface RoundView {
  readonly round: number | undefined;
  /** Whether the round still goes on. */
  readonly open: boolean;
  /** Index into `CLIENT_STATUSES`. */
  readonly status: Uint8Array;
  readonly metrics: readonly (ClientMetrics | undefined)[];
  /** The clients of each status. */
  readonly members: Readonly<Record<ClientStatus, readonly number[]>>;
}

const CODES = new Map<ClientStatus, number>(CLIENT_STATUSES.map((status, code) => [status, code]));

/** The status of a client by its index. */
export function statusAt(view: RoundView, index: number): ClientStatus {
  return CLIENT_STATUSES[view.status[index] ?? -1] ?? "idle";
}

/** Builds views, and hands the same one out again while nothing about it has changed. */
export function createRoundViews(): (model: RunModel, round: number | undefined) => RoundView {
  let last: { key: string; model: RunModel; view: RoundView } | undefined;
  return (model, round) => {
    const revision = round === undefined ? 0 : model.revisions.get(round);
    const key = [round, revision, model.roster.length, model.state.status].join();
    if (last?.model !== model || last.key !== key) last = { key, model, view: buildRoundView(model, round) };
    return last.view;
  };
}

/** Judges every client of the run in one round. */
export function buildRoundView(model: RunModel, number: number | undefined): RoundView {
  const round = number === undefined ? undefined : model.state.rounds.get(number);
  const open = round !== undefined && isOpen(model, round);
  const selected = new Set(round?.selected);
  const limit = round === undefined ? undefined : stragglerLimit(round);
  const status = new Uint8Array(model.roster.length);
  const members = noMembers();
  const metrics = model.roster.map((id, index) => {
    const reported = round?.clients.get(id);
    const name = clientStatus({
      metrics: reported,
      updated: round?.updates.has(id) ?? false,
      selected: selected.has(id),
      open,
      limit,
    });
    status[index] = CODES.get(name) ?? 0;
    members[name].push(index);
    return reported;
  });
  return { round: number, open, status, metrics, members };
}

/** Whether results of a round may still come in. */
export function isOpen(model: RunModel, round: RoundState): boolean {
  return round.endedAt === undefined && model.state.status === "running";
}

function noMembers(): Record<ClientStatus, number[]> {
  return {
    failed: [],
    dropped: [],
    non_finite: [],
    straggler: [],
    missing: [],
    waiting: [],
    active: [],
    idle: [],
  };
}
