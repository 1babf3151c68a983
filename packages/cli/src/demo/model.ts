import { type Dataset, NUM_CLASSES, NUM_FEATURES } from "./dataset.ts";
import { normal, type Random } from "./random.ts";
import { addOuterProduct, addScaled, affine, largest, multiplyTransposed, scale, type Vector } from "./vector.ts";

// A classifier with one hidden layer of rectified linear units and a softmax on top, trained on the cross-entropy. Its
// parameters are one vector: hidden weights, hidden biases, output weights, output biases.

export const NUM_HIDDEN = 16;
export const NUM_PARAMETERS: number = NUM_HIDDEN * (NUM_FEATURES + 1) + NUM_CLASSES * (NUM_HIDDEN + 1);

/** The memory of the parameters, seen as layers. */
interface Layers {
  readonly hiddenWeights: Vector;
  readonly hiddenBiases: Vector;
  readonly outputWeights: Vector;
  readonly outputBiases: Vector;
}

function layersOf(parameters: Vector): Layers {
  const hiddenBiases = NUM_HIDDEN * NUM_FEATURES;
  const outputWeights = hiddenBiases + NUM_HIDDEN;
  const outputBiases = outputWeights + NUM_CLASSES * NUM_HIDDEN;
  return {
    hiddenWeights: parameters.subarray(0, hiddenBiases),
    hiddenBiases: parameters.subarray(hiddenBiases, outputWeights),
    outputWeights: parameters.subarray(outputWeights, outputBiases),
    outputBiases: parameters.subarray(outputBiases),
  };
}

/** Random weights of a size that keeps the layers' outputs in scale (He), and biases of 0. */
export function initialParameters(random: Random): Vector {
  const parameters = new Float64Array(NUM_PARAMETERS);
  const { hiddenWeights, outputWeights } = layersOf(parameters);
  for (let i = 0; i < hiddenWeights.length; i++) hiddenWeights[i] = Math.sqrt(2 / NUM_FEATURES) * normal(random);
  for (let i = 0; i < outputWeights.length; i++) outputWeights[i] = Math.sqrt(2 / NUM_HIDDEN) * normal(random);
  return parameters;
}

/** What the layers give for one example; written anew for the next. */
interface Activations {
  readonly hidden: Vector;
  readonly probabilities: Vector;
}

function activations(): Activations {
  return { hidden: new Float64Array(NUM_HIDDEN), probabilities: new Float64Array(NUM_CLASSES) };
}

function forward({ hidden, probabilities }: Activations, model: Layers, example: Vector): void {
  affine(hidden, model.hiddenWeights, example, model.hiddenBiases);
  // Math.max, because NaN must come through.
  for (let j = 0; j < hidden.length; j++) hidden[j] = Math.max(0, hidden[j] ?? 0);
  affine(probabilities, model.outputWeights, hidden, model.outputBiases);
  softmax(probabilities);
}

function softmax(values: Vector): void {
  // Less the largest, lest one overflow.
  const top = largest(values);
  let sum = 0;
  for (let k = 0; k < values.length; k++) {
    const exponential = Math.exp((values[k] ?? 0) - top);
    values[k] = exponential;
    sum += exponential;
  }
  scale(values, 1 / sum);
}

function crossEntropy(probabilities: Vector, label: number): number {
  // A probability that rounds to 0 would give an infinite loss. Math.max lets NaN through.
  return -Math.log(Math.max(probabilities[label] ?? 0, Number.MIN_VALUE));
}

/** The mean loss of a batch and its gradient in the parameters. */
export function lossAndGradient(parameters: Vector, batch: Dataset): { loss: number; gradient: Vector } {
  const model = layersOf(parameters);
  const gradient = new Float64Array(NUM_PARAMETERS);
  const into = layersOf(gradient);
  const layers = activations();
  const outputErrors = layers.probabilities;
  const hiddenErrors = new Float64Array(NUM_HIDDEN);
  let loss = 0;
  for (const [i, example] of batch.features.entries()) {
    const label = batch.labels[i] ?? 0;
    forward(layers, model, example);
    loss += crossEntropy(layers.probabilities, label);
    // The derivative of softmax and cross-entropy together: the probabilities, less 1 at the true class.
    outputErrors[label] = (outputErrors[label] ?? 0) - 1;
    multiplyTransposed(hiddenErrors, model.outputWeights, outputErrors);
    for (let j = 0; j < NUM_HIDDEN; j++) if (layers.hidden[j] === 0) hiddenErrors[j] = 0;
    addOuterProduct(into.outputWeights, outputErrors, layers.hidden);
    addScaled(into.outputBiases, outputErrors, 1);
    addOuterProduct(into.hiddenWeights, hiddenErrors, example);
    addScaled(into.hiddenBiases, hiddenErrors, 1);
  }
  const count = batch.features.length;
  scale(gradient, 1 / count);
  return { loss: loss / count, gradient };
}

/** How well a model does on the data. An example for which it gives no number counts as wrong. */
export function evaluate(parameters: Vector, data: Dataset): { accuracy: number; loss: number } {
  const model = layersOf(parameters);
  const layers = activations();
  let correct = 0;
  let loss = 0;
  for (const [i, example] of data.features.entries()) {
    const label = data.labels[i] ?? 0;
    forward(layers, model, example);
    if (layers.probabilities.indexOf(largest(layers.probabilities)) === label) correct++;
    loss += crossEntropy(layers.probabilities, label);
  }
  return { accuracy: correct / data.features.length, loss: loss / data.features.length };
}
