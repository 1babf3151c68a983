import type { Point } from "./plane.ts";

/** What people do with a map. Points are in CSS pixels from its corner. */
export interface GestureHandlers {
  onPan(dx: number, dy: number): void;
  /** @returns whether the map changed; if not, the page may scroll instead */
  onZoom(at: Point, factor: number): boolean;
  onHover(at: Point | undefined): void;
  onTap(at: Point): void;
}

/** A pointer that moved less than this meant to tap. */
const TAP_SLOP = 5;

/**
 * Listens to mouse, fingers and wheel.
 *
 * @returns a function that stops it
 */
export function listenToGestures(element: HTMLElement, handlers: GestureHandlers): () => void {
  const pointers = new Map<number, Point>();
  let travelled = 0;

  const pointOf = (event: MouseEvent): Point => {
    const { left, top } = element.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };

  const onDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    if (pointers.size === 0) travelled = 0;
    pointers.set(event.pointerId, pointOf(event));
    element.setPointerCapture(event.pointerId);
  };

  const onMove = (event: PointerEvent): void => {
    const at = pointOf(event);
    const before = pointers.get(event.pointerId);
    if (before === undefined) {
      if (event.pointerType === "mouse") handlers.onHover(at);
      return;
    }
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    pointers.set(event.pointerId, at);
    travelled += Math.hypot(at.x - before.x, at.y - before.y);
    if (travelled < TAP_SLOP) return;
    handlers.onHover(undefined);
    const fingers = other === undefined ? 1 : 2;
    // Two fingers move what is between them by the mean of their ways.
    handlers.onPan((at.x - before.x) / fingers, (at.y - before.y) / fingers);
    if (other === undefined) return;
    const apart = Math.hypot(before.x - other.x, before.y - other.y);
    if (apart > 0) {
      handlers.onZoom(
        { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 },
        Math.hypot(at.x - other.x, at.y - other.y) / apart,
      );
    }
  };

  const onUp = (event: PointerEvent): void => {
    const tapped = pointers.delete(event.pointerId) && event.type === "pointerup" && travelled < TAP_SLOP;
    if (tapped) handlers.onTap(pointOf(event));
  };

  const onLeave = (): void => handlers.onHover(undefined);

  const onWheel = (event: WheelEvent): void => {
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    if (handlers.onZoom(pointOf(event), 2 ** (-event.deltaY * unit * 0.003))) event.preventDefault();
  };

  element.addEventListener("pointerdown", onDown);
  element.addEventListener("pointermove", onMove);
  element.addEventListener("pointerup", onUp);
  element.addEventListener("pointercancel", onUp);
  element.addEventListener("pointerleave", onLeave);
  element.addEventListener("wheel", onWheel, { passive: false });
  return () => {
    element.removeEventListener("pointerdown", onDown);
    element.removeEventListener("pointermove", onMove);
    element.removeEventListener("pointerup", onUp);
    element.removeEventListener("pointercancel", onUp);
    element.removeEventListener("pointerleave", onLeave);
    element.removeEventListener("wheel", onWheel);
  };
}
