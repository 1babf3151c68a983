import type { Training } from "./training.ts";

/** Logs a run with everything in it that a file can hold. */
export async function logVariedRun(run: Training): Promise<void> {
  run.setServerMetadata({
    lat: 50.11,
    lng: 8.68,
    city: "Frankfurt",
    country: "DE",
    org: "Köln Klinik",
    protocol: "gRPC",
  });

  // Round 0: an evaluation of the model before any training.
  run.roundStart(0);
  run.logEvent("evaluation", { round: 0, source: "central", metrics: { accuracy: 0.1, loss: Number.NaN } });
  run.logRound(0, { global_accuracy: 0.1, global_loss: 2.3, global_source: "central" });

  run.roundStart(1, ["paris", "tokyo", "nowhere", "10388190150487002303"]);
  run.logClientUpdate("paris", {
    round: 1,
    local_accuracy: 0.5125,
    local_loss: 1.25,
    num_samples: 1200,
    base_round: 0,
    gradient_norm: 0.7,
    bytes_sent: 4_801_485,
    bytes_received: 4_800_000,
    train_time_sec: 32.322,
    lat: 48.85,
    lng: 2.35,
    city: "Paris",
    country: "FR",
  });
  run.logClientUpdate("tokyo", {
    round: 1,
    local_accuracy: 0.25,
    local_loss: Number.NaN,
    gradient_norm: Number.POSITIVE_INFINITY,
    num_samples: 0,
    lat: 35.68,
    lng: 139.69,
    city: "東京",
    country: "JP",
    site: "病院-a",
    tags: ["x", "y"],
    nested: { k: 1, odd: [Number.NEGATIVE_INFINITY] },
    _debug_score: 0.123,
  });
  // It never says where it is.
  run.logClientUpdate("nowhere", {
    round: 1,
    local_accuracy: 0.75,
    local_loss: 0.5,
    gradient_norm: 1.5,
    status: "idle",
  });
  run.logEvent("client_metric", { round: 1, clients: [{ client_id: "paris", val_accuracy: 0.6 }] });
  run.logEvent("an_event_of_ones_own", { round: 1, clients: [{ client_id: "paris", note: "kept" }] });
  run.logDropout(1, "10388190150487002303", "out of memory");
  run.logCommFailure(1, "tokyo");
  run.logEvent("client_recovered", { round: 1, client_id: "tokyo" });
  run.logRound(1, {
    global_accuracy: 0.5,
    global_loss: 1.125,
    num_stragglers: 1,
    aggregation_time_sec: 0.25,
    algorithm_metadata: { mu: 0.01 },
  });
  run.logCheckpoint(1, "checkpoints/round-1.npz", { best: true });

  // Out of order, with a gap, and with a client in a failure only.
  run.roundStart(5);
  run.roundStart(4);
  run.logCommFailure(5, "lima", "deadline exceeded");
  run.logEvent("client_recovered", { round: 5, client_id: "lima" });
  run.logClientUpdate("paris", { round: 5, local_accuracy: 0.625, gradient_norm: 0.5, lat: 48.85, lng: 2.35 });
  run.logClientUpdate("paris", { round: 4, local_loss: 0.875 });
  run.logRound(5, { global_accuracy: Number.NaN, global_loss: Number.POSITIVE_INFINITY });
  run.logRound(4, { global_accuracy: 0.6, global_loss: 0.9 });
  // Late, and of no round.
  run.logClientUpdate("nowhere", { round: 4, local_loss: 1.5 });
  run.logClientUpdate("paris", { local_loss: 9 });
  // As Python hivewatch could have written it, with the round beside the client only.
  run.logEvent("client_update", { round: 6, clients: [{ client_id: "paris", gradient_norm: 1 }] });
  run.logEvent("client_update", { round: 6, clients: [{ client_id: "lima", gradient_norm: 2 }], note: "of the event" });
  // A round that the end of the run cuts off.
  run.logClientUpdate("tokyo", { round: 6, local_loss: 0.25, gradient_norm: 3 });
  await run.finish({ status: "aborted" });
}
