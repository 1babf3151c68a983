import type { Run } from "@hivewatch/core";
import { withBrokenSensor } from "./broken-sensor.ts";
import { clientReport } from "./client-report.ts";
import { createTask } from "./dataset.ts";
import { federatedAverage, isUsable } from "./federated-averaging.ts";
import { type LocalResult, trainLocally } from "./local-training.ts";
import { evaluate, initialParameters } from "./model.ts";
import { type Pace, startClock } from "./pace.ts";
import { randomFrom } from "./random.ts";
import { createScenario } from "./scenario.ts";
import { type DemoOptions, demoSettings } from "./settings.ts";
import { SERVER } from "./sites.ts";

/** How far a demo is. */
export interface DemoRound {
  /** From 1. */
  readonly round: number;
  readonly rounds: number;
  readonly globalAccuracy: number;
  readonly globalLoss: number;
}

export interface PlayDemoOptions extends DemoOptions {
  /** The run that the training is logged to. Whoever started it finishes it. */
  run: Run;
  /** Default `real`: 30 rounds take two to three minutes. `max` doesn't wait. */
  pace?: Pace | undefined;
  /** Ends the demo. */
  signal?: AbortSignal | undefined;
  /** Called after each round. */
  onRound?: ((round: DemoRound) => void) | undefined;
}

/**
 * Plays the demo: trains a small model by federated averaging over invented clinics, really, and logs it as a federated
 * learning server would. Some of them are slow, drop out, lose the connection, or send a model that isn't a number.
 *
 * @throws HiveWatchError `usage`; an AbortError when the signal is aborted
 */
export async function playDemo(options: PlayDemoOptions): Promise<void> {
  const { run, pace = "real", signal, onRound } = options;
  const settings = demoSettings(options);
  const { rounds, seed } = settings;
  const task = createTask(seed);
  const scenario = createScenario(settings);
  let globalModel = initialParameters(randomFrom(seed, "model"));
  let previousModel = globalModel;

  run.setServerMetadata(SERVER);
  for (let round = 1; round <= rounds; round++) {
    const plan = scenario.planRound(round);
    const clock = startClock(pace, signal);
    const results: LocalResult[] = [];
    const excluded: string[] = [];
    run.roundStart(round, plan.selected);
    for (const { member, outcome, atSec } of plan.steps) {
      await clock(atSec);
      const id = member.site.id;
      if (outcome.kind === "dropout") run.logDropout(round, id, outcome.reason);
      else if (outcome.kind === "comm_failure") run.logCommFailure(round, id, outcome.reason);
      else {
        const data = outcome.corrupt ? withBrokenSensor(task.siteData(id)) : task.siteData(id);
        const base = outcome.baseRound === round ? globalModel : previousModel;
        const result = trainLocally(base, data, randomFrom(seed, "training", round, id));
        if (isUsable(result)) results.push(result);
        else excluded.push(id);
        if (outcome.recovered) run.logEvent("client_recovered", { round, client_id: id });
        run.logClientUpdate(
          id,
          clientReport({ seed, round, member, baseRound: outcome.baseRound, trainTimeSec: atSec, result }),
        );
      }
    }
    await clock(plan.durationSec);
    previousModel = globalModel;
    globalModel = federatedAverage(globalModel, results);
    const { accuracy, loss } = evaluate(globalModel, task.testData);
    run.logRound(round, {
      global_accuracy: accuracy,
      global_loss: loss,
      global_source: "central",
      num_selected: plan.selected.length,
      num_stragglers: plan.numStragglers,
      round_duration_sec: plan.durationSec,
      algorithm_metadata: { num_averaged: results.length, excluded_clients: excluded },
    });
    if (round === rounds || round === Math.ceil(rounds / 2)) {
      // The model is kept nowhere, and the path says so.
      run.logCheckpoint(round, `memory:demo/round-${round}`, { global_accuracy: accuracy });
    }
    onRound?.({ round, rounds, globalAccuracy: accuracy, globalLoss: loss });
  }
}
