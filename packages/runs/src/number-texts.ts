/** How many numbers are printed at a time: few enough that their texts are soon forgotten. */
export const NUMBERS_AT_ONCE = 64;

/** The JSON of each of some numbers, where NaN and the infinities are texts. Made together, which takes less than one by one. */
export function numberTexts(numbers: Float64Array): string[] {
  const some = Array.from(numbers);
  return some.every(Number.isFinite) ? JSON.stringify(some).slice(1, -1).split(",") : some.map(numberText);
}

/** The JSON of a number; of NaN and the infinities their name as a text. */
export function numberText(value: number): string {
  return Number.isFinite(value) ? `${value}` : `"${value}"`;
}
