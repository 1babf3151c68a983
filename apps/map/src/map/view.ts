import type { Camera, Size } from "./camera.ts";
import type { Bounds, Positions } from "./plane.ts";
import type { Projection } from "./projections.ts";

/** From where one looks. */
export interface View {
  /** Undefined for a grid, which is a plane already. */
  readonly projection: Projection | undefined;
  readonly camera: Camera;
  /** Of the map on the screen, in CSS pixels. */
  readonly size: Size;
  /** Pixels of the canvas in a CSS pixel. */
  readonly ratio: number;
  /** How close one could look. */
  readonly maxK: number;
  /** Where the clients lie on the plane. */
  readonly positions: Positions;
  /** Where they lie on a plane that doesn't turn: clients that are near to each other stay so. */
  readonly still: Positions;
}

/**
 * What is in sight, in CSS pixels from the plane's origin.
 *
 * @param margin - how much more on each side, as a share of the map's size
 */
export function sightOf({ camera, size }: Pick<View, "camera" | "size">, margin = 0): Bounds {
  return {
    left: -camera.x - size.width * margin,
    top: -camera.y - size.height * margin,
    right: -camera.x + size.width * (1 + margin),
    bottom: -camera.y + size.height * (1 + margin),
  };
}

export function contains(outer: Bounds, inner: Bounds): boolean {
  return (
    outer.left <= inner.left && outer.top <= inner.top && outer.right >= inner.right && outer.bottom >= inner.bottom
  );
}
