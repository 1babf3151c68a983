import type { Paint, Palette } from "../palette.ts";
import type { Box } from "../place-labels.ts";
import type { Placed } from "../placed.ts";
import type { Point } from "../plane.ts";
import type { Route } from "../routes.ts";
import type { Scene } from "../scene.ts";
import type { View } from "../view.ts";

/** A part of the picture. What it draws depends on nothing but its context. */
export interface Layer {
  readonly name: string;
  readonly surface: Surface;
  draw(context: LayerContext): void;
  /** What of this layer is at a point, in CSS pixels from the plane's origin. */
  pick?(context: LayerContext, at: Point): Target | undefined;
}

/**
 * The canvases, the lowest first: the Earth, dots written as pixels, marks, and what moves. Each is drawn anew only when what
 * is on it has changed.
 */
export const SURFACES = ["earth", "dots", "marks", "motion"] as const;

export type Surface = (typeof SURFACES)[number];

export type Canvas2D = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

export interface LayerContext {
  /** Its origin is the plane's, its unit a CSS pixel. */
  readonly canvas: Canvas2D;
  readonly scene: Scene;
  readonly view: View;
  readonly placed: Placed;
  readonly routes: readonly Route[];
  readonly palette: Palette;
  readonly paint: Paint;
  /** What lies upon the map, in CSS pixels from its corner. */
  readonly overlays: readonly Box[];
  /** What is pointed at. */
  readonly pointed: Target | undefined;
  /** The client whose drawer is open. */
  readonly selected: number | undefined;
  /** For what moves, in milliseconds; undefined: nothing does. */
  readonly time: number | undefined;
}

/** Something that can be pointed at, and where. */
export interface Target {
  readonly client: number;
  /** Index of the spot; undefined for a dot. */
  readonly spot: number | undefined;
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}
