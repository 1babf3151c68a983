import type { ClientMetrics } from "@hivewatch/core";
import type { LocalResult } from "./local-training.ts";
import { NUM_PARAMETERS } from "./model.ts";
import { normal, randomFrom } from "./random.ts";
import type { Member } from "./scenario.ts";

const BYTES_PER_PARAMETER = Float32Array.BYTES_PER_ELEMENT;
/** What a message needs beside the parameters: its frame, the round, the client's id, the metrics. */
const MESSAGE_OVERHEAD = 96;

/** What the server knows of a client that has sent its result. */
export interface ClientResult {
  readonly seed: number;
  readonly round: number;
  readonly member: Member;
  readonly baseRound: number;
  /** Simulated. */
  readonly trainTimeSec: number;
  readonly result: LocalResult;
}

/** The metrics of a client's result. */
export function clientReport({
  seed,
  round,
  member: { site, reportsLocation },
  baseRound,
  trainTimeSec,
  result,
}: ClientResult): Omit<ClientMetrics, "client_id"> {
  const messageBytes = NUM_PARAMETERS * BYTES_PER_PARAMETER + MESSAGE_OVERHEAD;
  const metrics = {
    round,
    base_round: baseRound,
    local_accuracy: result.accuracy,
    local_loss: result.loss,
    num_samples: result.numSamples,
    gradient_norm: result.gradientNorm,
    gradient_magnitude: result.gradientMagnitude,
    bytes_sent: messageBytes + site.id.length,
    bytes_received: messageBytes,
    train_time_sec: rounded(trainTimeSec, 3),
    ...machineLoad(seed, round, site.id),
    status: "active",
  };
  if (!reportsLocation) return metrics;
  return { ...metrics, lat: site.lat, lng: site.lng, city: site.city, country: site.country };
}

/** What the site's machine would have shown: a level of its own, and some noise. */
function machineLoad(seed: number, round: number, siteId: string): { cpu_pct: number; ram_mb: number } {
  const level = randomFrom(seed, "machine", siteId);
  const noise = randomFrom(seed, "load", round, siteId);
  const cpu = 45 + 40 * level() + 4 * normal(noise);
  const ram = 600 + 2_400 * level() + 30 * normal(noise);
  return { cpu_pct: rounded(Math.min(100, cpu), 1), ram_mb: rounded(ram, 0) };
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
