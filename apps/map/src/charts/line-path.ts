/** From values to pixels. */
export interface Scale {
  readonly low: number;
  readonly high: number;
  /** In pixels. */
  readonly size: number;
}

/** Where a value stands; in the middle if there is only one. */
export function positionOf({ low, high, size }: Scale, value: number): number {
  return high > low ? ((value - low) / (high - low)) * size : size / 2;
}

/**
 * A line as an SVG path, the largest values on top, with gaps where there is no finite value. Of the values at one pixel
 * only the first, the least, the greatest and the last are drawn. A value by itself is a dot (with round line caps).
 *
 * @param bridges - whether the line goes on over gaps
 */
export function linePath(
  x: ArrayLike<number>,
  values: ArrayLike<number>,
  across: Scale,
  up: Scale,
  bridges = false,
): string {
  let path = "";
  let pen = false;
  let pixel = Number.NaN;
  let column: { least: number; most: number; last: number } | undefined;
  const yOf = (value: number): string => shortened(up.size - positionOf(up, value));
  const xOf = (at: number): string => shortened(at);

  const flush = (): void => {
    if (column === undefined) return;
    const { least, most, last } = column;
    if (most > least) path += `V${yOf(least)}V${yOf(most)}V${yOf(last)}`;
    column = undefined;
  };
  for (let i = 0; i < x.length; i++) {
    const value = values[i];
    if (value === undefined || !Number.isFinite(value)) {
      if (bridges) continue;
      flush();
      pen = false;
      pixel = Number.NaN;
      continue;
    }
    const at = positionOf(across, x[i] ?? 0);
    if (column !== undefined && Math.abs(at - pixel) < 0.5) {
      column = { least: Math.min(column.least, value), most: Math.max(column.most, value), last: value };
      continue;
    }
    flush();
    path += pen ? `L${xOf(at)} ${yOf(value)}` : `M${xOf(at)} ${yOf(value)}h0`;
    pen = true;
    pixel = at;
    column = { least: value, most: value, last: value };
  }
  flush();
  return path;
}

/** The area between two lines, as one closed SVG path for each stretch in which both are known. */
export function bandPath(
  x: ArrayLike<number>,
  low: ArrayLike<number>,
  high: ArrayLike<number>,
  across: Scale,
  up: Scale,
): string {
  let path = "";
  let from = -1;
  const point = (i: number, value: number | undefined): string =>
    `${shortened(positionOf(across, x[i] ?? 0))} ${shortened(up.size - positionOf(up, value ?? 0))}`;
  const close = (to: number): void => {
    if (from < 0) return;
    const step = Math.max(1, Math.floor((to - from) / (across.size * 2)));
    const places: number[] = [];
    for (let i = from; i < to - 1; i += step) places.push(i);
    places.push(to - 1);
    path += `M${places.map((i) => point(i, high[i])).join("L")}L${places
      .reverse()
      .map((i) => point(i, low[i]))
      .join("L")}Z`;
    from = -1;
  };
  for (let i = 0; i < x.length; i++) {
    const isKnown = Number.isFinite(low[i]) && Number.isFinite(high[i]);
    if (isKnown && from < 0) from = i;
    if (!isKnown) close(i);
  }
  close(x.length);
  return path;
}

function shortened(pixels: number): string {
  return String(Math.round(pixels * 10) / 10);
}
