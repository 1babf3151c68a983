import { addScaled, isAllFinite, type Vector } from "./vector.ts";

/** A client's trained model and how many examples it was trained on. */
export interface ModelUpdate {
  readonly parameters: Vector;
  readonly numSamples: number;
}

/** Whether an update may be averaged: one that isn't a number would spoil the model for everyone. */
export function isUsable(update: ModelUpdate): boolean {
  return isAllFinite(update.parameters);
}

/**
 * Federated averaging: the mean of the clients' models, weighted by their numbers of examples.
 *
 * @param current - the global model, which stays if there is no update
 */
export function federatedAverage(current: Vector, updates: readonly ModelUpdate[]): Vector {
  const total = updates.reduce((sum, update) => sum + update.numSamples, 0);
  if (total === 0) return current;
  const average = new Float64Array(current.length);
  for (const { parameters, numSamples } of updates) addScaled(average, parameters, numSamples / total);
  return average;
}
