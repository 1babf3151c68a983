import type { Bounds } from "../plane.ts";
import type { Canvas2D, LayerContext } from "./layer.ts";

/** What is drawn ahead. */
export interface AheadSource {
  /** Where, in CSS pixels from the plane's origin: more than is in sight. */
  readonly region: Bounds;
  /** Everything that the picture depends on but where one looks. */
  readonly key: readonly unknown[];
  paint(canvas: Canvas2D): void;
}

interface Ahead {
  readonly image: OffscreenCanvas;
  readonly left: number;
  readonly top: number;
  readonly key: readonly unknown[];
}

/** Draws with more around it than is in sight, so that moving it is to copy it. */
export function createAhead(): (context: LayerContext, source: AheadSource) => void {
  let ahead: Ahead | undefined;
  return ({ canvas, view: { ratio } }, { region, key, paint }) => {
    const wholeKey = [...key, ratio];
    if (ahead === undefined || ahead.key.some((part, i) => part !== wholeKey[i])) {
      ahead = drawAhead(region, ratio, wholeKey, paint);
    }
    const { image, left, top } = ahead;
    canvas.drawImage(image, left, top, image.width / ratio, image.height / ratio);
  };
}

function drawAhead(region: Bounds, ratio: number, key: readonly unknown[], paint: AheadSource["paint"]): Ahead {
  const pixels = (length: number): number => Math.ceil(length * ratio);
  const image = new OffscreenCanvas(pixels(region.right - region.left), pixels(region.bottom - region.top));
  const canvas = image.getContext("2d");
  // On whole pixels, so that a copy is not blurred.
  const [left, top] = [Math.round(region.left * ratio), Math.round(region.top * ratio)];
  canvas?.setTransform(ratio, 0, 0, ratio, -left, -top);
  if (canvas !== null) paint(canvas);
  return { image, left: left / ratio, top: top / ratio, key };
}
