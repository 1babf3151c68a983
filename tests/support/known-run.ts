import { createRun, type DeliveryStats, type Emitter, type Run } from "@hivewatch/core";
import { until } from "@hivewatch/test-support";

/** A run in this process that is logged round by round, and what was said of it. */
export interface KnownRun {
  readonly run: Run;
  /** How many rounds were logged. */
  rounds(): number;
  logRound(): void;
  said(): string;
  stats(): Readonly<DeliveryStats> | undefined;
  /** Waits until nothing is left to send. */
  answered(): Promise<unknown>;
}

/** @param logRound - logs a round whose values are known */
export function startKnownRun(emitter: Emitter, logRound: (run: Run, round: number) => void): KnownRun {
  const said: string[] = [];
  const run = createRun({
    emitters: [emitter],
    maxQueue: Number.POSITIVE_INFINITY,
    onDiagnostic: (message) => said.push(message),
  });
  let rounds = 0;
  return {
    run,
    rounds: () => rounds,
    logRound: () => logRound(run, rounds++),
    said: () => said.join("\n"),
    stats: () => run.stats[0],
    answered: () => until("all to be answered", () => run.stats.every(({ queued }) => queued === 0)),
  };
}
