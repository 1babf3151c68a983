import { type GeoPermissibleObjects, type GeoStream, geoStream } from "d3-geo";
import atlas from "world-atlas/countries-110m.json";
import { flatRings } from "../flat-rings.ts";
import { unpackLine } from "../packed-lines.ts";
import type { LngLat } from "../places.ts";
import type { Bounds } from "../plane.ts";
import type { Projection } from "../projections.ts";
import { contains, sightOf } from "../view.ts";
import { createAhead } from "./ahead.ts";
import type { Canvas2D, Layer, LayerContext } from "./layer.ts";

const OUTLINES = {
  sphere: { type: "Sphere" },
  graticule: { type: "MultiLineString", coordinates: graticule() },
  land: { type: "MultiPolygon", coordinates: atlas.land.map((rings) => rings.map(unpackLine)) },
  borders: { type: "MultiLineString", coordinates: atlas.borders.map(unpackLine) },
} satisfies Record<string, GeoPermissibleObjects>;

type Paths = Record<keyof typeof OUTLINES, Path2D>;

/** How much more than what is in sight is drawn ahead, as a share of the map's size. */
const MARGIN = 0.25;

/** The Earth. */
export function createBasemapLayer(): Layer {
  const drawAhead = createAhead();
  let paths: { projection: Projection; traced: Paths } | undefined;
  let region: Bounds | undefined;

  function tracePaths(projection: Projection): Paths {
    if (paths?.projection !== projection) paths = { projection, traced: trace(projection) };
    return paths.traced;
  }

  return {
    name: "basemap",
    surface: "earth",
    draw(context) {
      const { scene, view, palette } = context;
      const { projection, camera, size } = view;
      if (projection === undefined) return;
      const traced = tracePaths(projection);
      if (projection.center !== undefined) {
        paintEarth(context.canvas, traced, context);
        return;
      }
      if (region === undefined || !contains(region, sightOf(view))) region = sightOf(view, MARGIN);
      const key = [projection, camera.k, size, scene.borders, palette, region];
      drawAhead(context, { region, key, paint: (canvas) => paintEarth(canvas, traced, context) });
    },
  };
}

function trace(projection: Projection): Paths {
  const { geo } = projection;
  if (geo === undefined) return traceFlat(projection);
  const path = (shape: GeoPermissibleObjects): Path2D => {
    const traced = new Path2D();
    geoStream(shape, geo.stream(tracer(traced)));
    return traced;
  };
  return {
    sphere: path(OUTLINES.sphere),
    graticule: path(OUTLINES.graticule),
    land: path(OUTLINES.land),
    borders: path(OUTLINES.borders),
  };
}

/** On a plane every point has its place, so that nothing has to be cut at a horizon. */
function traceFlat({ project, maxLat }: Projection): Paths {
  const path = (lines: readonly (readonly LngLat[])[], areClosed: boolean): Path2D => {
    const traced = new Path2D();
    for (const line of lines) {
      line.forEach(([lng, lat], i) => {
        const { x, y } = project(lng, Math.min(maxLat, Math.max(-maxLat, lat)));
        if (i === 0) traced.moveTo(x, y);
        else traced.lineTo(x, y);
      });
      if (areClosed) traced.closePath();
    }
    return traced;
  };
  return {
    sphere: path([edge()], true),
    graticule: path(OUTLINES.graticule.coordinates, false),
    land: path(OUTLINES.land.coordinates.flat().flatMap(flatRings), true),
    borders: path(OUTLINES.borders.coordinates, false),
  };
}

/** Around a plane: up its eastern side, and down the western one. */
function edge(): LngLat[] {
  const side = Array.from({ length: 181 }, (_, i) => i - 90);
  return [...side.map((lat): LngLat => [180, lat]), ...side.map((lat): LngLat => [-180, -lat])];
}

/** Draws what comes out of a projection. */
function tracer(path: Path2D): GeoStream {
  let isRing = false;
  let isBegun = false;
  return {
    point(x, y) {
      if (isBegun) path.lineTo(x, y);
      else path.moveTo(x, y);
      isBegun = true;
    },
    lineStart() {
      isBegun = false;
    },
    lineEnd() {
      if (isRing) path.closePath();
    },
    polygonStart() {
      isRing = true;
    },
    polygonEnd() {
      isRing = false;
    },
  };
}

/** Lines every 30°, which end before the poles. */
function graticule(): [lng: number, lat: number][][] {
  const [step, top] = [30, 80];
  const line = (length: number, at: (i: number) => [number, number]) =>
    Array.from({ length: length + 1 }, (_, i) => at(i));
  const meridians = line(360 / step - 1, (i) => [i * step - 180, 0]).map(([lng]) =>
    line(2 * top, (i) => [lng, i - top]),
  );
  const parallels = [-60, -30, 0, 30, 60].map((lat) => line(360, (i) => [i - 180, lat]));
  return [...meridians, ...parallels];
}

function paintEarth(
  canvas: Canvas2D,
  { sphere, graticule, land, borders }: Paths,
  { scene, palette, view }: LayerContext,
): void {
  const { k } = view.camera;
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
