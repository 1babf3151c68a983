import type { Dataset } from "./dataset.ts";
import { evaluate, lossAndGradient } from "./model.ts";
import { type Random, shuffled } from "./random.ts";
import { addScaled, meanAbsolute, norm, scale, type Vector } from "./vector.ts";

export const LEARNING_RATE = 0.06;
export const BATCH_SIZE = 16;
export const LOCAL_EPOCHS = 1;

/** What a client sends back to the server. */
export interface LocalResult {
  readonly parameters: Vector;
  readonly numSamples: number;
  /** Of the trained model on the client's own data. */
  readonly accuracy: number;
  readonly loss: number;
  /** Euclidean length of the mean gradient over all steps. */
  readonly gradientNorm: number;
  /** Mean absolute component of the same. */
  readonly gradientMagnitude: number;
}

/** Trains a copy of the global model on a client's own data by stochastic gradient descent. */
export function trainLocally(globalParameters: Vector, data: Dataset, random: Random): LocalResult {
  const parameters = globalParameters.slice();
  const meanGradient = new Float64Array(parameters.length);
  let steps = 0;
  for (let epoch = 0; epoch < LOCAL_EPOCHS; epoch++) {
    for (const batch of batches(data, random)) {
      const { gradient } = lossAndGradient(parameters, batch);
      addScaled(parameters, gradient, -LEARNING_RATE);
      addScaled(meanGradient, gradient, 1);
      steps++;
    }
  }
  scale(meanGradient, 1 / steps);
  return {
    parameters,
    numSamples: data.labels.length,
    ...evaluate(parameters, data),
    gradientNorm: norm(meanGradient),
    gradientMagnitude: meanAbsolute(meanGradient),
  };
}

function* batches(data: Dataset, random: Random): Generator<Dataset> {
  const examples = data.features.map((example, i) => ({ example, label: data.labels[i] ?? 0 }));
  const order = shuffled(random, examples);
  for (let start = 0; start < order.length; start += BATCH_SIZE) {
    const batch = order.slice(start, start + BATCH_SIZE);
    yield { features: batch.map(({ example }) => example), labels: batch.map(({ label }) => label) };
  }
}
