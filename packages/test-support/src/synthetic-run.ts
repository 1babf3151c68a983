import { type Random, randomFrom } from "./random.ts";

export interface SyntheticRunOptions {
  readonly runId: string;
  readonly clients: number;
  readonly rounds: number;
  readonly seed: number;
  /** When it began, milliseconds since 1970. Default 2026-01-01. */
  readonly startedAt?: number;
}

interface City {
  readonly city: string;
  readonly country: string;
  readonly lat: number;
  readonly lng: number;
}

const CITIES: readonly [City, ...City[]] = [
  { city: "Chicago", country: "US", lat: 41.88, lng: -87.63 },
  { city: "London", country: "GB", lat: 51.51, lng: -0.13 },
  { city: "Paris", country: "FR", lat: 48.86, lng: 2.35 },
  { city: "Tokyo", country: "JP", lat: 35.68, lng: 139.69 },
  { city: "São Paulo", country: "BR", lat: -23.55, lng: -46.63 },
  { city: "Mumbai", country: "IN", lat: 19.08, lng: 72.88 },
  { city: "Singapore", country: "SG", lat: 1.35, lng: 103.82 },
  { city: "Lagos", country: "NG", lat: 6.52, lng: 3.38 },
  { city: "Sydney", country: "AU", lat: -33.87, lng: 151.21 },
  { city: "San Francisco", country: "US", lat: 37.77, lng: -122.42 },
  { city: "Berlin", country: "DE", lat: 52.52, lng: 13.41 },
  { city: "Cairo", country: "EG", lat: 30.04, lng: 31.24 },
];

interface Site extends City {
  readonly id: string;
  readonly isLocated: boolean;
  /** How much better than the others it learns. */
  readonly skill: number;
  readonly trainTime: number;
  readonly samples: number;
}

/**
 * The events of a training that never was: of each seed and size always the same, with stragglers, dropouts, failures, a
 * sensor that reports NaN, clients that were asked and never heard of, and one in twenty without a place.
 */
export function* syntheticRun(options: SyntheticRunOptions): Generator<Record<string, unknown>> {
  const { runId, clients, rounds, seed, startedAt = Date.UTC(2026, 0, 1, 8) } = options;
  const random = randomFrom(seed);
  let now = startedAt;
  const event = (event_type: string, fields: Record<string, unknown>): Record<string, unknown> => ({
    event_type,
    run_id: runId,
    timestamp: new Date(now).toISOString(),
    ...fields,
  });
  const config = { strategy: "FedAvg", num_rounds: rounds, lr: 0.01, seed };
  yield event("init", { started_at: new Date(now).toISOString(), algorithm: "FedAvg", config });
  yield event("server_metadata", { server: { city: "Geneva", country: "CH", lat: 46.2, lng: 6.14 } });
  const sites = Array.from({ length: clients }, (_, i) => siteOf(random, i));
  for (let round = 1; round <= rounds; round++) {
    yield event("round_start", { round, selected: sites.map(({ id }) => id) });
    const progress = 1 - Math.exp((-3 * round) / rounds);
    // Who failed is told of at the end, so that results stand together, as they do when a batch is sent.
    const failures: Record<string, unknown>[] = [];
    for (const site of sites) {
      now += 5_000 / clients;
      const report = reportOf(event, random, site, round, progress);
      if (report?.event_type === "client_update") yield report;
      else if (report !== undefined) failures.push(report);
    }
    yield* failures;
    now += 1_000;
    yield event("round_end", {
      round,
      clients: [],
      round_metrics: {
        global_accuracy: 0.1 + 0.82 * progress,
        global_loss: 2.3 - 1.9 * progress,
        global_source: "central",
        aggregation_time_sec: 0.4,
      },
    });
    if (round % 10 === 0) yield event("checkpoint", { round, path: `checkpoints/round-${round}.pt` });
  }
  yield event("finished", { status: "completed" });
}

function siteOf(random: Random, index: number): Site {
  const city = random.pick(CITIES);
  const unit = (): number => random.below(1_000) / 1_000;
  // In a city many clients stand around its middle.
  const spread = 8 * unit() * unit();
  const angle = 2 * Math.PI * unit();
  return {
    ...city,
    lat: Math.max(-80, Math.min(80, city.lat + spread * Math.sin(angle))),
    lng: city.lng + spread * Math.cos(angle),
    id: `site-${String(index).padStart(6, "0")}`,
    isLocated: random.below(20) !== 0,
    skill: (unit() - 0.5) / 8,
    trainTime: (3 + 4 * unit()) * (random.below(60) === 0 ? 4 : 1),
    samples: 100 + random.below(5_000),
  };
}

/** What is heard of a site in a round; undefined: nothing. */
function reportOf(
  event: (type: string, fields: Record<string, unknown>) => Record<string, unknown>,
  random: Random,
  site: Site,
  round: number,
  progress: number,
): Record<string, unknown> | undefined {
  const { id: client_id, city, country, lat, lng, skill, trainTime, samples, isLocated } = site;
  const fate = random.below(1_000);
  if (fate < 10) return event("client_dropout", { round, clients: [{ client_id }], reason: "connection lost" });
  if (fate < 16) return event("comm_failure", { round, client_id, reason: "deadline exceeded" });
  if (fate < 20) return undefined;
  const noise = (): number => random.below(1_000) / 1_000 - 0.5;
  const metrics = {
    client_id,
    round,
    local_accuracy: Math.min(1, Math.max(0, 0.12 + 0.8 * progress + skill + noise() / 20)),
    local_loss: fate < 22 ? "NaN" : Math.max(0.02, 2.2 - 2 * progress - 2 * skill + noise() / 5),
    num_samples: samples,
    base_round: round - 1 - (random.below(10) === 0 ? 1 : 0),
    gradient_norm: (1 + 4 / round) * (1 + noise()),
    bytes_sent: 4_200_000,
    bytes_received: 4_200_000,
    train_time_sec: trainTime * (1 + noise() / 4),
    cpu_pct: 55 + 60 * noise(),
  };
  const place = isLocated ? { lat, lng, city, country } : {};
  return event("client_update", { round, clients: [{ ...metrics, ...place }] });
}
