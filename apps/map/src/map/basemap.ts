import { type GeoPermissibleObjects, geoGraticule, geoPath } from "d3-geo";
import { feature, mesh } from "topojson-client";
import atlas from "world-atlas/countries-110m.json";
import type { Camera } from "./camera.ts";
import type { Palette } from "./palette.ts";
import { projection } from "./plane.ts";

interface Basemap {
  readonly sphere: Path2D;
  readonly graticule: Path2D;
  readonly land: Path2D;
  readonly borders: Path2D;
}

let basemap: Basemap | undefined;

/** Draws the Earth. Its outlines are projected once, and then only moved and scaled. */
export function drawBasemap(context: CanvasRenderingContext2D, camera: Camera, ratio: number, palette: Palette): void {
  basemap ??= buildBasemap();
  context.save();
  context.setTransform(camera.k * ratio, 0, 0, camera.k * ratio, camera.x * ratio, camera.y * ratio);
  context.fillStyle = palette.ocean;
  context.fill(basemap.sphere);
  context.lineWidth = 0.75 / camera.k;
  context.strokeStyle = palette.graticule;
  context.stroke(basemap.graticule);
  context.fillStyle = palette.land;
  context.fill(basemap.land);
  context.lineJoin = "round";
  context.strokeStyle = palette.border;
  context.stroke(basemap.borders);
  context.restore();
}

function buildBasemap(): Basemap {
  return {
    sphere: trace({ type: "Sphere" }),
    graticule: trace(geoGraticule().step([30, 30])()),
    land: trace(feature(atlas, "land")),
    borders: trace(mesh(atlas, atlas.objects.countries, (one, other) => one !== other)),
  };
}

function trace(shape: GeoPermissibleObjects): Path2D {
  return new Path2D(geoPath(projection)(shape) ?? "");
}
