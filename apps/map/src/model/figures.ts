import { type RoundSummary, summarizeRound } from "@hivewatch/core";
import { isOpen } from "./round-view.ts";
import { perRound, type RunModel } from "./run-model.ts";

/** A round's figures, computed again only when the round has changed. */
export const summaryOf = perRound(summarizeRound);

/** A figure of the global model, and where it comes from. */
export interface GlobalFigure {
  readonly value: number;
  /** Who measured it, in words. */
  readonly source: string;
  /** The round it is of: an earlier one while the shown round has none yet. */
  readonly round: number;
}

/**
 * The accuracy or loss to show for a round: as reported; else, of a round that is over, the clients' mean; else the
 * newest earlier one, since a round that still goes on has no result.
 */
export function globalFigure(
  model: RunModel,
  number: number | undefined,
  name: "accuracy" | "loss",
): GlobalFigure | undefined {
  const last = number === undefined ? -1 : model.rounds.indexOf(number);
  for (let index = last; index >= 0; index--) {
    const round = model.state.rounds.get(model.rounds[index] ?? -1);
    if (round === undefined) continue;
    const figure = ownFigure(summaryOf(model, round), name);
    if (figure !== undefined && (figure.reported || !isOpen(model, round) || index === 0)) {
      return { value: figure.value, source: figure.source, round: round.round };
    }
    if (!isOpen(model, round)) return undefined;
  }
  return undefined;
}

function ownFigure(
  summary: RoundSummary,
  name: "accuracy" | "loss",
): { value: number; source: string; reported: boolean } | undefined {
  const reported = name === "accuracy" ? summary.global_accuracy : summary.global_loss;
  if (typeof reported === "number") return { value: reported, source: sourceLabel(summary), reported: true };
  const mean = name === "accuracy" ? summary.clients_accuracy : summary.clients_loss;
  return mean === undefined ? undefined : { value: mean, source: "clients’ mean", reported: false };
}

function sourceLabel(summary: RoundSummary): string {
  const source = summary.global_source;
  if (source === "central") return "central";
  if (source === "federated") return "federated";
  return typeof source === "string" && source !== "" ? source : "reported by the server";
}

/** Bytes moved up to and including a round, where any were reported. */
export function bytesThrough(model: RunModel, last: number | undefined): number | undefined {
  let sum: number | undefined;
  for (const number of model.rounds) {
    if (last === undefined || number > last) break;
    const round = model.state.rounds.get(number);
    if (round === undefined) continue;
    const { total_bytes_up: up, total_bytes_down: down } = summaryOf(model, round);
    if (typeof up === "number") sum = (sum ?? 0) + up;
    if (typeof down === "number") sum = (sum ?? 0) + down;
  }
  return sum;
}

/** How many rounds the training is meant to have, if its settings say so. */
export function plannedRounds(config: Record<string, unknown>): number | undefined {
  for (const name of ["num_rounds", "rounds"]) {
    const value = config[name];
    if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
  }
  return undefined;
}
