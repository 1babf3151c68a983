/** The clients of a round, or of a part of it, as a round's figures need them: by index, in order of first sight. */
export interface RoundClients {
  readonly length: number;
  /** A field's value of each client; NaN where it is no number, or missing. */
  numbers(field: string): Float64Array;
  statusOf(i: number): string | undefined;
  /** Whether it sent a result (`client_update`). */
  hasResult(i: number): boolean;
}

/** What figures are derived from, so summed up that two of them can be put together ({@link joinFigures}). */
export interface ClientFigures {
  readonly clients: number;
  /** Those that sent a result, and are active. */
  readonly completed: number;
  /** Those that failed or dropped out. */
  readonly failed: number;
  readonly bytesUp: number | undefined;
  readonly bytesDown: number | undefined;
  /** Of the gradient norms. */
  readonly norms: Spread;
  readonly accuracy: Mean;
  readonly loss: Mean;
}

/** Of the finite values: how many, their mean, and the sum of the squared distances from it. */
export interface Spread {
  readonly count: number;
  readonly mean: number;
  readonly squares: number;
}

/** Of the finite values: how many, their sum, and the same weighted by samples, for those that have a weight. */
export interface Mean {
  readonly count: number;
  readonly sum: number;
  readonly weighed: number;
  readonly weights: number;
  readonly weightedSum: number;
}

/** Figures of no client at all. */
export const NO_FIGURES: ClientFigures = {
  clients: 0,
  completed: 0,
  failed: 0,
  bytesUp: undefined,
  bytesDown: undefined,
  norms: { count: 0, mean: 0, squares: 0 },
  accuracy: { count: 0, sum: 0, weighed: 0, weights: 0, weightedSum: 0 },
  loss: { count: 0, sum: 0, weighed: 0, weights: 0, weightedSum: 0 },
};

/** Sums up clients. */
export function clientFigures(clients: RoundClients): ClientFigures {
  let completed = 0;
  let failed = 0;
  for (let i = 0; i < clients.length; i++) {
    const status = clients.statusOf(i) ?? "active";
    if (status === "active" && clients.hasResult(i)) completed++;
    if (status === "failed" || status === "dropped") failed++;
  }
  const samples = clients.numbers("num_samples");
  return {
    clients: clients.length,
    completed,
    failed,
    bytesUp: total(clients.numbers("bytes_sent")),
    bytesDown: total(clients.numbers("bytes_received")),
    norms: spread(clients.numbers("gradient_norm")),
    accuracy: mean(clients.numbers("local_accuracy"), samples),
    loss: mean(clients.numbers("local_loss"), samples),
  };
}

/** The figures of two groups of clients that have none in common. */
export function joinFigures(a: ClientFigures, b: ClientFigures): ClientFigures {
  if (a.clients === 0) return b;
  if (b.clients === 0) return a;
  return {
    clients: a.clients + b.clients,
    completed: a.completed + b.completed,
    failed: a.failed + b.failed,
    bytesUp: joinTotals(a.bytesUp, b.bytesUp),
    bytesDown: joinTotals(a.bytesDown, b.bytesDown),
    norms: joinSpreads(a.norms, b.norms),
    accuracy: joinMeans(a.accuracy, b.accuracy),
    loss: joinMeans(a.loss, b.loss),
  };
}

function total(values: Float64Array): number | undefined {
  let sum: number | undefined;
  for (const value of values) if (Number.isFinite(value)) sum = (sum ?? 0) + value;
  return sum;
}

function joinTotals(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : a + b;
}

function spread(values: Float64Array): Spread {
  let count = 0;
  let sum = 0;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    count++;
    sum += value;
  }
  if (count === 0) return NO_FIGURES.norms;
  const middle = sum / count;
  let squares = 0;
  for (const value of values) if (Number.isFinite(value)) squares += (value - middle) ** 2;
  return { count, mean: middle, squares };
}

/** By Chan's formula: neither group needs to be looked at again. */
function joinSpreads(a: Spread, b: Spread): Spread {
  const count = a.count + b.count;
  if (a.count === 0 || b.count === 0) return a.count === 0 ? b : a;
  const distance = b.mean - a.mean;
  return {
    count,
    mean: a.mean + (distance * b.count) / count,
    squares: a.squares + b.squares + (distance ** 2 * a.count * b.count) / count,
  };
}

function mean(values: Float64Array, samples: Float64Array): Mean {
  const sums = { count: 0, sum: 0, weighed: 0, weights: 0, weightedSum: 0 };
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    if (!Number.isFinite(value)) continue;
    sums.count++;
    sums.sum += value;
    const weight = samples[i] ?? Number.NaN;
    if (!(weight > 0 && Number.isFinite(weight))) continue;
    sums.weighed++;
    sums.weights += weight;
    sums.weightedSum += value * weight;
  }
  return sums;
}

function joinMeans(a: Mean, b: Mean): Mean {
  return {
    count: a.count + b.count,
    sum: a.sum + b.sum,
    weighed: a.weighed + b.weighed,
    weights: a.weights + b.weights,
    weightedSum: a.weightedSum + b.weightedSum,
  };
}
