import type { HiveEvent } from "@hivewatch/core";
import { event, update } from "./events.ts";

const iso = (second: number): string =>
  `2026-11-23T07:43:${String(second % 60).padStart(2, "0")}.000${second % 10}00+00:00`;

/** The events of a small training with all that happens in one. */
export function training(rounds: number, runId = "r"): HiveEvent[] {
  const events = [
    event({ event_type: "init", started_at: iso(0), algorithm: "FedAvg", config: { lr: 0.1 } }, runId),
    event({ event_type: "server_metadata", server: { lat: 41.7, lng: -87.9, city: "Lemont" } }, runId),
  ];
  for (let round = 0; round < rounds; round++) events.push(...roundOf(round, runId));
  events.push(event({ event_type: "finished", status: "completed" }, runId));
  return events.map((each, i) => ({ ...each, timestamp: iso(i) }));
}

function roundOf(round: number, runId: string): HiveEvent[] {
  return [
    event({ event_type: "round_start", round, selected: ["a", "b", "c"] }, runId),
    update(
      { client_id: "a", local_loss: 1 / (round + 1), gradient_norm: 2 * round, site: "x", _debug: 0.5 },
      round,
      runId,
    ),
    update({ client_id: "b", local_loss: Number.NaN, gradient_norm: 1, tags: ["x"] }, round, runId),
    update({ client_id: "q", local_loss: 5 }, null, runId),
    event({ event_type: "client_metric", round, clients: [{ client_id: "a", val_accuracy: 0.7 }] }, runId),
    event({ event_type: "client_dropout", round, clients: [{ client_id: "c", status: "dropped" }] }, runId),
    event({ event_type: "comm_failure", round, client_id: "d", reason: "timeout" }, runId),
    event({ event_type: "client_recovered", round, client_id: "d" }, runId),
    event({ event_type: "round_end", round, round_metrics: { global_accuracy: round / 10, global_loss: 1.5 } }, runId),
    event({ event_type: "checkpoint", round, path: "model.pt" }, runId),
    event({ event_type: "something_new", round, clients: [{ client_id: "a", extra: round }] }, runId),
  ];
}
