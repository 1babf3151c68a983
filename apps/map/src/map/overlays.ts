import { type Insets, NO_INSETS, type Size } from "./camera.ts";
import type { Box } from "./place-labels.ts";

/** As wide as high, or less, the whole Earth has room above and below it, but none at its sides. */
const EARTH_ASPECT = 2;

/** Between what is shown and what lies upon the map, in CSS pixels. */
const GAP = 4;

/**
 * How much of the map to leave free for what lies upon it. Beside the Earth on a wide map there is room for it anyway.
 *
 * @param boxes - what lies upon the map, each at one of its edges
 */
export function insetsOf(boxes: readonly Box[], { width, height }: Size): Insets {
  if (width > EARTH_ASPECT * height) return NO_INSETS;
  const insets = { ...NO_INSETS };
  for (const box of boxes) {
    const bottom = box.top + box.height;
    if (box.height > box.width) insets.right = Math.max(insets.right, width - box.left + GAP);
    else if (box.top + bottom < height) insets.top = Math.max(insets.top, bottom + GAP);
    else insets.bottom = Math.max(insets.bottom, height - box.top + GAP);
  }
  return insets;
}

/**
 * Tells where what lies upon the map is: elements with `data-overlay`.
 *
 * @returns a function that stops it
 */
export function watchOverlays(frame: HTMLElement, onChange: (boxes: readonly Box[]) => void): () => void {
  const overlays = [...frame.querySelectorAll("[data-overlay]")];
  const observer = new ResizeObserver(() => {
    const origin = frame.getBoundingClientRect();
    onChange(
      overlays.map((overlay) => {
        const { left, top, width, height } = overlay.getBoundingClientRect();
        return { left: left - origin.left, top: top - origin.top, width, height };
      }),
    );
  });
  for (const element of [frame, ...overlays]) observer.observe(element);
  return () => observer.disconnect();
}
