import { quantile } from "../data/quantile.ts";

/** A tick of the scrubber. */
export interface Tick {
  /** From the left, in pixels. */
  readonly at: number;
  /** How much went wrong, 0 to 1: of the worst of the rounds that share the place. */
  readonly trouble: number;
  /** Whether that is clearly more than in most rounds. */
  readonly isUnusual: boolean;
  readonly isPast: boolean;
}

/** Where something goes wrong in every round, only those with this many times the usual stand out. */
const UNUSUAL = 1.5;

/** Ticks that are closer than this can't be told apart. */
const MIN_GAP = 4;

/**
 * Lays out a tick for each round, or for rounds that are too close to each other.
 *
 * @param x - where each place of the path is, ascending
 * @param index - the round at each place
 * @param findings - how many each round has, by its index
 * @param shown - the place that is shown
 * @param width - pixels from the first to the last
 */
export function tickPlaces(
  x: Float64Array,
  index: Uint32Array,
  findings: Uint32Array,
  shown: number,
  width: number,
): Tick[] {
  const first = x[0] ?? 0;
  const length = (x[x.length - 1] ?? 0) - first;
  if (!(length > 0) || width <= 0) return [];
  let most = 1;
  for (const count of findings) if (count > most) most = count;
  const usual = quantile(Float64Array.from(findings).sort(), 0.5) ?? 0;
  const isDense = (x.length - 1) * MIN_GAP > width;
  const ticks = new Map<number, Tick>();
  for (let place = 0; place < x.length; place++) {
    const exact = (((x[place] ?? 0) - first) / length) * width;
    const at = isDense ? Math.round(exact / MIN_GAP) * MIN_GAP : exact;
    const count = findings[index[place] ?? 0] ?? 0;
    const trouble = count === 0 ? 0 : Math.log1p(count) / Math.log1p(most);
    const known = ticks.get(at);
    if (known === undefined || known.trouble < trouble)
      ticks.set(at, { at, trouble, isUnusual: count > UNUSUAL * usual, isPast: place <= shown });
  }
  return [...ticks.values()];
}
