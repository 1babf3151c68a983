import type { Camera } from "../camera.ts";

/** Pixels of a picture, row by row. */
export interface Raster {
  readonly pixels: Uint32Array;
  readonly width: number;
  readonly height: number;
}

/** Points of the plane, and the order in which they are drawn. */
export interface Dots {
  readonly order: Uint32Array;
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly codes: Uint8Array;
  /** By code. */
  readonly colors: Uint32Array;
}

/**
 * Writes points into a picture.
 *
 * @param camera - from the plane to pixels
 * @param side - how many pixels a point is wide and high
 */
export function splat({ pixels, width, height }: Raster, dots: Dots, camera: Camera, side: number): void {
  const { order, x, y, codes, colors } = dots;
  const { k } = camera;
  const [offsetX, offsetY] = [camera.x - (side - 1) / 2, camera.y - (side - 1) / 2];
  const [endX, endY] = [width - side + 1, height - side + 1];
  const rest = width - side;
  for (let i = 0; i < order.length; i++) {
    const client = order[i] ?? 0;
    const left = (x[client] ?? 0) * k + offsetX;
    const top = (y[client] ?? 0) * k + offsetY;
    // NaN is nowhere, and so on no picture.
    if (!(left >= 0 && top >= 0 && left < endX && top < endY)) continue;
    const color = colors[codes[client] ?? 0] ?? 0;
    let at = Math.trunc(top) * width + Math.trunc(left);
    if (side === 1) {
      pixels[at] = color;
      continue;
    }
    for (let row = 0; row < side; row++, at += rest) {
      for (let column = 0; column < side; column++) pixels[at++] = color;
    }
  }
}
