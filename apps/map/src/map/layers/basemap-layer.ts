import { type GeoPermissibleObjects, geoGraticule, geoPath } from "d3-geo";
import { feature, mesh } from "topojson-client";
import atlas from "world-atlas/countries-110m.json";
import type { Palette } from "../palette.ts";
import type { Projection } from "../projections.ts";
import { contains, sightOf, type View } from "../view.ts";
import type { Layer, LayerContext } from "./layer.ts";

const OUTLINES = {
  sphere: { type: "Sphere" },
  graticule: geoGraticule().step([30, 30])(),
  land: feature(atlas, "land"),
  borders: mesh(atlas, atlas.objects.countries, (one, other) => one !== other),
} satisfies Record<string, GeoPermissibleObjects>;

type Paths = Record<keyof typeof OUTLINES, Path2D>;

/** How much more than what is in sight is drawn ahead, as a share of the map's size. */
const MARGIN = 0.25;

/** The Earth. It is drawn with more around it than is in sight, and so moving it is to copy it. */
export function createBasemapLayer(): Layer {
  let paths: { projection: Projection; traced: Paths } | undefined;
  let ahead: Ahead | undefined;

  function tracePaths(projection: Projection): Paths {
    if (paths?.projection !== projection) {
      const trace = (shape: GeoPermissibleObjects): Path2D => new Path2D(geoPath(projection.geo)(shape) ?? "");
      paths = {
        projection,
        traced: {
          sphere: trace(OUTLINES.sphere),
          graticule: trace(OUTLINES.graticule),
          land: trace(OUTLINES.land),
          borders: trace(OUTLINES.borders),
        },
      };
    }
    return paths.traced;
  }

  return {
    name: "basemap",
    surface: "earth",
    draw(context) {
      const { projection } = context.view;
      if (projection === undefined) return;
      if (projection.center !== undefined) {
        paintEarth(context.canvas, tracePaths(projection), context, context.view.camera.k);
        return;
      }
      if (ahead === undefined || !stillHolds(ahead, context)) ahead = drawAhead(context, tracePaths(projection));
      context.canvas.drawImage(ahead.image, ahead.left, ahead.top, ahead.width, ahead.height);
    },
  };
}

/** The Earth as it is drawn, around what was in sight. In CSS pixels from the plane's origin. */
interface Ahead {
  readonly image: OffscreenCanvas;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly view: View;
  readonly borders: boolean;
  readonly palette: Palette;
}

function stillHolds(ahead: Ahead, { view, scene, palette }: LayerContext): boolean {
  const { left, top, width, height } = ahead;
  return (
    ahead.view.projection === view.projection &&
    ahead.view.camera.k === view.camera.k &&
    ahead.view.size === view.size &&
    ahead.view.ratio === view.ratio &&
    ahead.borders === scene.borders &&
    ahead.palette === palette &&
    contains({ left, top, right: left + width, bottom: top + height }, sightOf(view))
  );
}

function drawAhead(context: LayerContext, paths: Paths): Ahead {
  const { view, scene, palette } = context;
  const sight = sightOf(view, MARGIN);
  const pixels = (length: number): number => Math.ceil(length * view.ratio);
  const image = new OffscreenCanvas(pixels(sight.right - sight.left), pixels(sight.bottom - sight.top));
  const canvas = image.getContext("2d");
  // On whole pixels, so that a copy is not blurred.
  const whole = (length: number): number => Math.round(length * view.ratio) / view.ratio;
  const [left, top] = [whole(sight.left), whole(sight.top)];
  if (canvas !== null) {
    canvas.setTransform(view.ratio, 0, 0, view.ratio, -left * view.ratio, -top * view.ratio);
    paintEarth(canvas, paths, context, view.camera.k);
  }
  const [width, height] = [image.width / view.ratio, image.height / view.ratio];
  return { image, left, top, width, height, view, borders: scene.borders, palette };
}

function paintEarth(
  canvas: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  { sphere, graticule, land, borders }: Paths,
  { scene, palette }: LayerContext,
  k: number,
): void {
  canvas.save();
  canvas.scale(k, k);
  canvas.fillStyle = palette.ocean;
  canvas.fill(sphere);
  canvas.lineWidth = 0.75 / k;
  canvas.strokeStyle = palette.graticule;
  canvas.stroke(graticule);
  canvas.fillStyle = palette.land;
  canvas.fill(land);
  if (scene.borders) {
    canvas.lineJoin = "round";
    canvas.strokeStyle = palette.border;
    canvas.stroke(borders);
  }
  canvas.restore();
}
