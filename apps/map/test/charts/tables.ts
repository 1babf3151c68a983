import {
  type Clients,
  type Digest,
  FIGURE_SOURCE,
  type Figure,
  type Overview,
  QUANTILES,
  type Rounds,
  type RoundTable,
} from "../../src/data/run-data.ts";

/** Rounds with these numbers, of which nothing else is known. */
export function roundsOf(numbers: readonly number[], more: Partial<Rounds> = {}): Rounds {
  const unknown = (): Float64Array => new Float64Array(numbers.length).fill(Number.NaN);
  return {
    numbers: Float64Array.from(numbers),
    startedAt: unknown(),
    endedAt: unknown(),
    open: new Uint8Array(numbers.length),
    clients: new Float64Array(numbers.length),
    figures: new Map(),
    notes: new Map(),
    ...more,
  };
}

/** A figure that the server reported; undefined: it did not. */
export function reported(...values: readonly (number | undefined)[]): Figure {
  return {
    values: Float64Array.from(values, (value) => value ?? Number.NaN),
    source: Uint8Array.from(values, (value) => (value === undefined ? FIGURE_SOURCE.missing : FIGURE_SOURCE.reported)),
  };
}

/** A run of which only its rounds are known. */
export function overviewOf(rounds: Rounds, runId = "r"): Overview {
  return {
    runId,
    algorithm: "FedAvg",
    config: {},
    status: "completed",
    statusReason: undefined,
    startedAt: undefined,
    finishedAt: undefined,
    lastEventAt: undefined,
    server: undefined,
    events: 0,
    rounds,
    metrics: [],
  };
}

/** A digest of rounds whose values are spread evenly; undefined: there are none. */
export function digestOf(...ranges: readonly (readonly [low: number, high: number] | undefined)[]): Digest {
  const digest: Digest = {
    field: "f",
    count: Uint32Array.from(ranges, (range) => (range === undefined ? 0 : 100)),
    nonFinite: new Uint32Array(ranges.length),
    mean: Float64Array.from(ranges, (range) => (range === undefined ? Number.NaN : (range[0] + range[1]) / 2)),
    quantiles: new Float64Array(ranges.length * QUANTILES).fill(Number.NaN),
  };
  ranges.forEach((range, round) => {
    if (range === undefined) return;
    const [low, high] = range;
    for (let q = 0; q < QUANTILES; q++) {
      digest.quantiles[round * QUANTILES + q] = low + ((high - low) * q) / (QUANTILES - 1);
    }
  });
  return digest;
}

/** Clients with these ids. */
export function clientsOf(...ids: readonly string[]): Clients {
  const unknown = new Float64Array(ids.length).fill(Number.NaN);
  return {
    ids,
    lat: unknown,
    lng: unknown,
    city: ids.map(() => undefined),
    country: ids.map(() => undefined),
    indexOf: (id) => ids.indexOf(id),
  };
}

/** A round in which client i reported the value i of a field; undefined: it reported nothing there. */
export function tableOf(field: string, values: readonly (number | undefined)[], round = 1): RoundTable {
  const rows = values.length;
  return {
    round,
    open: false,
    rows,
    clients: Uint32Array.from({ length: rows }, (_, i) => i),
    results: new Uint32Array(rows).fill(1),
    asked: new Uint8Array(rows),
    status: new Uint8Array(rows).fill(6),
    rowOf: Int32Array.from({ length: rows }, (_, i) => i),
    columns: new Map([
      [
        field,
        {
          numbers: {
            kind: "numbers",
            name: field,
            numbers: Float64Array.from(values, (value) => value ?? 0),
            present: Uint8Array.from(values, (value) => (value === undefined ? 0 : 1)),
          },
          values: undefined,
        },
      ],
    ]),
  };
}
