import { DIRICHLET_ALPHA, NUM_CLASSES, NUM_FEATURES } from "./dataset.ts";
import { BATCH_SIZE, LEARNING_RATE, LOCAL_EPOCHS } from "./local-training.ts";
import { NUM_HIDDEN, NUM_PARAMETERS } from "./model.ts";
import { FRACTION_FIT, ROUND_DEADLINE_SEC, STRAGGLER_FACTOR } from "./scenario.ts";
import { type DemoOptions, demoSettings } from "./settings.ts";

/**
 * The `config` of a demo's run.
 *
 * @throws HiveWatchError `usage`
 */
export function demoConfig(options: DemoOptions = {}): Record<string, unknown> {
  const { rounds, clients, seed } = demoSettings(options);
  return {
    demo: true,
    num_rounds: rounds,
    clients,
    seed,
    model: `mlp-${NUM_FEATURES}-${NUM_HIDDEN}-${NUM_CLASSES}`,
    num_parameters: NUM_PARAMETERS,
    dataset: `synthetic-gaussian-mixture-${NUM_CLASSES}-classes`,
    partition: `dirichlet(${DIRICHLET_ALPHA})`,
    fraction_fit: FRACTION_FIT,
    optimizer: "sgd",
    learning_rate: LEARNING_RATE,
    batch_size: BATCH_SIZE,
    local_epochs: LOCAL_EPOCHS,
    round_deadline_sec: ROUND_DEADLINE_SEC,
    straggler_factor: STRAGGLER_FACTOR,
    // The training is computed; how long it takes at a site, and on what machine, is not.
    simulated: ["train_time_sec", "round_duration_sec", "cpu_pct", "ram_mb"],
  };
}
