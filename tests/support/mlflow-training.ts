import type { Run } from "@hivewatch/core";
import { expect } from "vitest";
import type { StoredPoint, StoredRun } from "./mlflow.ts";

/** The loss of a client in a round, all of them different. */
const lossOf = (round: number, client: number): number => round + client / 1000;

export interface Trained {
  readonly rounds: number;
  readonly clients: number;
  /** How many further metrics each client has. Default 0. */
  readonly further?: number;
}

/** Further metrics of a client in a round, all different. */
function furtherOf(round: number, client: number, count: number): [name: string, value: number][] {
  return Array.from({ length: count }, (_, i) => [`further_${i}`, lossOf(round, client) + 1000 * (i + 1)]);
}

/** Logs a round whose values are known. */
export function logKnownRound(run: Run, round: number, clients: number, further = 0): void {
  run.roundStart(round);
  for (let client = 0; client < clients; client++) {
    const more = Object.fromEntries(furtherOf(round, client, further));
    run.logClientUpdate(`client-${client}`, { round, local_loss: lossOf(round, client), num_samples: 10, ...more });
  }
  run.logRound(round, { global_loss: round / 2 });
}

/** Checks that MLflow has all values of the known rounds, each once. */
export function expectKnownRounds(run: StoredRun, { rounds, clients, further = 0 }: Trained): void {
  const all = Array.from({ length: rounds }, (_, round) => round);
  expect(valuesOf(run, "round/loss")).toEqual(all.map((round) => [round, round / 2]));
  for (let client = 0; client < clients; client++) {
    const expected = all.map((round) => [round, lossOf(round, client)]);
    expect(valuesOf(run, `client/client-${client}/loss`)).toEqual(expected);
    for (const [i, [name]] of furtherOf(0, client, further).entries()) {
      const values = all.map((round) => [round, furtherOf(round, client, further)[i]?.[1]]);
      expect(valuesOf(run, `client/client-${client}/${name}`)).toEqual(values);
    }
  }
}

/** The values of a metric by step; one that is there twice is in it twice. */
function valuesOf(run: StoredRun, key: string): [step: number, value: number][] {
  const points: readonly StoredPoint[] = run.metrics.get(key) ?? [];
  return points.map(({ step, value }): [number, number] => [step, value]).sort(([a], [b]) => a - b);
}
