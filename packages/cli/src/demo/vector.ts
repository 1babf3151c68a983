/** Numbers of one length: a model's parameters, a gradient, a layer, or a matrix row by row. */
export type Vector = Float64Array;

/** `target += factor * source`, in place. */
export function addScaled(target: Vector, source: Vector, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] ?? 0) + factor * (source[i] ?? 0);
}

/** `target *= factor`, in place. */
export function scale(target: Vector, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] ?? 0) * factor;
}

/** `output = matrix * input + offset`. */
export function affine(output: Vector, matrix: Vector, input: Vector, offset: Vector): void {
  let position = 0;
  for (let i = 0; i < output.length; i++) {
    let sum = offset[i] ?? 0;
    for (let j = 0; j < input.length; j++) sum += (matrix[position++] ?? 0) * (input[j] ?? 0);
    output[i] = sum;
  }
}

/** `output = transposed matrix * input`. */
export function multiplyTransposed(output: Vector, matrix: Vector, input: Vector): void {
  output.fill(0);
  let position = 0;
  for (let i = 0; i < input.length; i++) {
    const factor = input[i] ?? 0;
    for (let j = 0; j < output.length; j++) output[j] = (output[j] ?? 0) + (matrix[position++] ?? 0) * factor;
  }
}

/** `matrix += column * row`, in place. */
export function addOuterProduct(matrix: Vector, column: Vector, row: Vector): void {
  let position = 0;
  for (let i = 0; i < column.length; i++) {
    const factor = column[i] ?? 0;
    for (let j = 0; j < row.length; j++, position++) {
      matrix[position] = (matrix[position] ?? 0) + factor * (row[j] ?? 0);
    }
  }
}

/** NaN if any of the numbers is. */
export function largest(vector: Vector): number {
  let result = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < vector.length; i++) result = Math.max(result, vector[i] ?? 0);
  return result;
}

/** The Euclidean length. */
export function norm(vector: Vector): number {
  return Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
}

export function meanAbsolute(vector: Vector): number {
  return vector.reduce((sum, value) => sum + Math.abs(value), 0) / vector.length;
}

export function isAllFinite(vector: Vector): boolean {
  return vector.every(Number.isFinite);
}
