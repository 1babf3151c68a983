import { VIRIDIS_PIXELS } from "../charts/viridis.ts";

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
  const pixel = VIRIDIS_PIXELS[Math.round(share * (VIRIDIS_PIXELS.length - 1))] ?? 0;
  return hex(((pixel & 0xff) << 16) | (pixel & 0xff00) | ((pixel >> 16) & 0xff));
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
