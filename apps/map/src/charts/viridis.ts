/** Viridis at nine places, from dark to light; between them it is nearly straight. */
const STOPS = [
  [68, 1, 84],
  [71, 45, 123],
  [59, 82, 139],
  [44, 114, 142],
  [33, 145, 140],
  [40, 174, 128],
  [94, 201, 98],
  [173, 220, 48],
  [253, 231, 37],
] as const;

/** The scale as 256 pixels of `ImageData` seen as 32-bit little-endian numbers. */
export const VIRIDIS_PIXELS: Uint32Array = Uint32Array.from({ length: 256 }, (_, i) => {
  const position = (i / 255) * (STOPS.length - 1);
  const [below, above] = [STOPS[Math.floor(position)], STOPS[Math.ceil(position)]];
  const channel = (c: 0 | 1 | 2): number => {
    const [from, to] = [below?.[c] ?? 0, above?.[c] ?? 0];
    return Math.round(from + (to - from) * (position % 1));
  };
  return ((0xff << 24) | (channel(2) << 16) | (channel(1) << 8) | channel(0)) >>> 0;
});

/** The scale as a CSS background. */
export const VIRIDIS_GRADIENT = `linear-gradient(to right, ${STOPS.map((stop) => `rgb(${stop.join(" ")})`).join(", ")})`;
