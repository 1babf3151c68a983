/** A point of the plane onto which the Earth is projected. Its origin is in its middle, its y axis points south. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A rectangle of the plane. */
export interface Bounds {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Where points lie on the plane, by index; NaN: nowhere. */
export interface Positions {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** The least bounds around points; NaN coordinates are left out. */
export function boundsOf(xs: ArrayLike<number>, ys: ArrayLike<number>): Bounds | undefined {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < xs.length; i++) {
    const x = xs[i] ?? Number.NaN;
    const y = ys[i] ?? Number.NaN;
    if (Number.isNaN(x) || Number.isNaN(y)) continue;
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  return left <= right ? { left, top, right, bottom } : undefined;
}
