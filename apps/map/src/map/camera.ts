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

/** What a camera may show. */
export interface CameraLimits {
  /** Everything there is. */
  readonly bounds: Bounds;
  readonly minK: number;
  readonly maxK: number;
}

/** Shows bounds as large as they fit, in the middle. */
export function fitCamera(bounds: Bounds, size: Size, padding: number): Camera {
  const width = Math.max(bounds.right - bounds.left, 1e-6);
  const height = Math.max(bounds.bottom - bounds.top, 1e-6);
  const k = Math.max(1e-6, Math.min((size.width - 2 * padding) / width, (size.height - 2 * padding) / height));
  return centred(k, { x: (bounds.left + bounds.right) / 2, y: (bounds.top + bounds.bottom) / 2 }, size);
}

/** Shows a point of the plane in the middle. */
function centred(k: number, middle: Point, size: Size): Camera {
  return { k, x: size.width / 2 - middle.x * k, y: size.height / 2 - middle.y * k };
}

/** Zooms by a factor around a point of the screen, which stays where it is. */
export function zoomAt(camera: Camera, at: Point, factor: number, limits: CameraLimits): Camera {
  const k = Math.min(limits.maxK, Math.max(limits.minK, camera.k * factor));
  const scale = k / camera.k;
  return { k, x: at.x - (at.x - camera.x) * scale, y: at.y - (at.y - camera.y) * scale };
}

/** Moves a camera so that what there is fills the screen as far as it can, or else lies in its middle. */
export function keepInside(camera: Camera, size: Size, bounds: Bounds): Camera {
  return {
    k: camera.k,
    x: keepAxis(camera.x, camera.k, size.width, bounds.left, bounds.right),
    y: keepAxis(camera.y, camera.k, size.height, bounds.top, bounds.bottom),
  };
}

function keepAxis(offset: number, k: number, length: number, low: number, high: number): number {
  const slack = length * 0.1;
  // Half a pixel, so that rounding doesn’t let a map that just fits slip.
  if ((high - low) * k <= length + 0.5) return length / 2 - ((low + high) / 2) * k;
  return Math.max(length - slack - high * k, Math.min(slack - low * k, offset));
}
