import type { Bounds, Point } from "./plane.ts";

/** How the plane lies on the screen: `screen = plane * k + (x, y)`, in CSS pixels. */
export interface Camera {
  readonly k: number;
  readonly x: number;
  readonly y: number;
}

/** Of the map on the screen, in CSS pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** How much of the map lies under something at each side, in CSS pixels. */
export interface Insets {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export const NO_INSETS: Insets = { left: 0, top: 0, right: 0, bottom: 0 };

/** What a camera may show. */
export interface CameraLimits {
  /** Everything there is. */
  readonly bounds: Bounds;
  readonly minK: number;
  readonly maxK: number;
}

/** Shows bounds as large as they fit, in the middle of what is free. */
export function fitCamera(bounds: Bounds, size: Size, padding: number, insets = NO_INSETS): Camera {
  const width = Math.max(bounds.right - bounds.left, 1e-6);
  const height = Math.max(bounds.bottom - bounds.top, 1e-6);
  const [freeWidth, freeHeight] = [size.width - insets.left - insets.right, size.height - insets.top - insets.bottom];
  const k = Math.max(1e-6, Math.min((freeWidth - 2 * padding) / width, (freeHeight - 2 * padding) / height));
  return centred(k, { x: (bounds.left + bounds.right) / 2, y: (bounds.top + bounds.bottom) / 2 }, size, insets);
}

/** Shows a point of the plane in the middle of what is free. */
export function centred(k: number, middle: Point, size: Size, { left, top, right, bottom } = NO_INSETS): Camera {
  return {
    k,
    x: (size.width + left - right) / 2 - middle.x * k,
    y: (size.height + top - bottom) / 2 - middle.y * k,
  };
}

/** Zooms by a factor around a point of the screen, which stays where it is. */
export function zoomAt(camera: Camera, at: Point, factor: number, limits: CameraLimits): Camera {
  const k = Math.min(limits.maxK, Math.max(limits.minK, camera.k * factor));
  const scale = k / camera.k;
  return { k, x: at.x - (at.x - camera.x) * scale, y: at.y - (at.y - camera.y) * scale };
}

/** Moves a camera so that what there is fills the screen as far as it can, or else lies in its middle. */
export function keepInside({ k, x, y }: Camera, size: Size, bounds: Bounds, insets = NO_INSETS): Camera {
  return {
    k,
    x: keepAxis(x, k, [insets.left, size.width - insets.right], bounds.left, bounds.right),
    y: keepAxis(y, k, [insets.top, size.height - insets.bottom], bounds.top, bounds.bottom),
  };
}

function keepAxis(offset: number, k: number, [start, end]: [number, number], low: number, high: number): number {
  const slack = (end - start) * 0.1;
  // Half a pixel, so that rounding doesn’t let a map that just fits slip.
  if ((high - low) * k <= end - start + 0.5) return (start + end) / 2 - ((low + high) / 2) * k;
  return Math.max(end - slack - high * k, Math.min(start + slack - low * k, offset));
}
