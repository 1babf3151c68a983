/** The first few in an order, of things that come in any. */
export interface FirstOnes<T> {
  /** How many have been added, also of those that were not kept. */
  readonly count: number;
  add(item: T): void;
  /** Those that are kept, in order. */
  kept(): readonly T[];
}

/**
 * Keeps the first ones, and never many more than these.
 *
 * @param most - how many
 * @param compare - as for sorting; of two that are equal, the one that came before is first
 */
export function keepFirst<T>(most: number, compare: (a: T, b: T) => number): FirstOnes<T> {
  let items: T[] = [];
  let last: T | undefined;
  let count = 0;

  function shorten(): void {
    items = items.sort(compare).slice(0, most);
    if (items.length === most) last = items.at(-1);
  }

  return {
    get count() {
      return count;
    },
    add(item) {
      count++;
      if (last !== undefined && compare(last, item) <= 0) return;
      items.push(item);
      // Not each time: what comes in the order's reverse would be sorted each time.
      if (items.length > 2 * most + 16) shorten();
    },
    kept() {
      shorten();
      return items;
    },
  };
}
