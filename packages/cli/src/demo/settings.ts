import { HiveWatchError } from "@hivewatch/core";

export interface DemoOptions {
  /** How many rounds are played. Default 30, which takes two to three minutes at real pace. */
  rounds?: number | undefined;
  /** How many sites take part, at least 2. Default 24. */
  clients?: number | undefined;
  /** All values follow from it: the same seed plays the same training. Default 7. */
  seed?: number | undefined;
}

export interface DemoSettings {
  readonly rounds: number;
  readonly clients: number;
  readonly seed: number;
}

/** @throws HiveWatchError `usage` */
export function demoSettings({ rounds = 30, clients = 24, seed = 7 }: DemoOptions): DemoSettings {
  checkWhole("rounds", rounds, 1);
  checkWhole("clients", clients, 2);
  checkWhole("seed", seed, 0);
  return { rounds, clients, seed };
}

function checkWhole(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new HiveWatchError("usage", `the demo's ${name} must be a whole number from ${least}, but it is ${value}`);
}
