import { type GeoPermissibleObjects, geoGraticule, geoPath } from "d3-geo";
import { feature, mesh } from "topojson-client";
import atlas from "world-atlas/countries-110m.json";
import type { Bounds } from "../plane.ts";
import type { Projection } from "../projections.ts";
import { contains, sightOf } from "../view.ts";
import { createAhead } from "./ahead.ts";
import type { Canvas2D, Layer, LayerContext } from "./layer.ts";

const OUTLINES = {
  sphere: { type: "Sphere" },
  graticule: geoGraticule().step([30, 30])(),
  land: feature(atlas, "land"),
  borders: mesh(atlas, atlas.objects.countries, (one, other) => one !== other),
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
  const path = (shape: GeoPermissibleObjects): Path2D => new Path2D(geoPath(projection.geo)(shape) ?? "");
  return {
    sphere: path(OUTLINES.sphere),
    graticule: path(OUTLINES.graticule),
    land: path(OUTLINES.land),
    borders: path(OUTLINES.borders),
  };
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
