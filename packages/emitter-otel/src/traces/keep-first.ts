/** The first few in an order, of things that come in any. */
export interface FirstOnes<T> {
  /** What has been added, also what was not kept. */
  readonly count: number;
  /** In order. */
  readonly kept: readonly T[];
  add(item: T): void;
}

/**
 * Keeps the first ones, without holding the rest.
 *
 * @param most - how many
 * @param compare - as for sorting; of two that are equal, the one that came before is first
 */
export function keepFirst<T>(most: number, compare: (a: T, b: T) => number): FirstOnes<T> {
  const kept: T[] = [];
  let count = 0;

  function placeOf(item: T): number {
    let [low, high] = [0, kept.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = kept[middle];
      if (other !== undefined && compare(other, item) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    get count() {
      return count;
    },
    kept,
    add(item) {
      count++;
      const last = kept.at(-1);
      if (kept.length >= most && (last === undefined || compare(last, item) <= 0)) return;
      kept.splice(placeOf(item), 0, item);
      if (kept.length > most) kept.pop();
    },
  };
}
