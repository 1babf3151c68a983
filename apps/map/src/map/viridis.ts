/** The colours of viridis at equal steps: as light as the values are high, also for those who can't tell red from green. */
const ANCHORS = [
  0x440154, 0x482878, 0x3e4989, 0x31688e, 0x26828e, 0x1f9e89, 0x35b779, 0x6ece58, 0xb5de2b, 0xfde725,
] as const;

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

function viridis(share: number): string {
  const position = share * (ANCHORS.length - 1);
  const index = Math.min(Math.floor(position), ANCHORS.length - 2);
  return mixColors(hex(ANCHORS[index] ?? 0), hex(ANCHORS[index + 1] ?? 0), position - index);
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
