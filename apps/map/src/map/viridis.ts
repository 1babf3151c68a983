/** How many steps a scale has. */
export const SCALE_STEPS = 64;

/**
 * A scale as `#rrggbb` colours from the lowest to the highest value. Its end that the background would swallow is left off.
 *
 * @param dark - whether the background is
 */
export function viridisScale(dark: boolean): string[] {
  const [first, last] = dark ? [0.2, 1] : [0, 0.93];
  return Array.from({ length: SCALE_STEPS }, (_, step) => viridis(first + ((last - first) * step) / (SCALE_STEPS - 1)));
}

/** Viridis at nine places, from dark to light; between them it is nearly straight. */
const STOPS = ["#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725"];

function viridis(share: number): string {
  const position = share * (STOPS.length - 1);
  const [below = "", above = below] = STOPS.slice(Math.floor(position));
  return mixColors(below, above, position % 1);
}

/** A colour between two of the form `#rrggbb`: at 0 the first, at 1 the second. */
export function mixColors(one: string, other: string, share: number): string {
  const [a, b] = [Number.parseInt(one.slice(1), 16), Number.parseInt(other.slice(1), 16)];
  let mixed = 0;
  for (const shift of [16, 8, 0]) {
    const [from, to] = [(a >> shift) & 0xff, (b >> shift) & 0xff];
    mixed |= Math.round(from + (to - from) * share) << shift;
  }
  return hex(mixed);
}

function hex(value: number): string {
  return `#${value.toString(16).padStart(6, "0")}`;
}
