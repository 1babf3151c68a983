import { readFile } from "node:fs/promises";
import { feature, mesh } from "topojson-client";
import type { Plugin } from "vite";
import { packLine } from "./src/map/packed-lines.ts";

type Topology = Parameters<typeof mesh>[0];
type Countries = Extract<NonNullable<Parameters<typeof mesh>[1]>, { type: "GeometryCollection" }>;
type Atlas = Topology & { readonly objects: { readonly land: Countries; readonly countries: Countries } };

/** Bundles the atlas' outlines alone, packed: 20 KB less on every first visit than the whole atlas. */
export function slimAtlas(): Plugin {
  return {
    name: "slim-atlas",
    enforce: "pre",
    async load(id) {
      if (!id.endsWith("countries-110m.json")) return undefined;
      const atlas: Atlas = JSON.parse(await readFile(id, "utf8"));
      return JSON.stringify({ land: landOf(atlas), borders: bordersOf(atlas) });
    },
  };
}

/** The rings of each polygon. */
function landOf(atlas: Atlas): string[][] {
  return feature(atlas, atlas.objects.land).features.flatMap(({ geometry }) =>
    geometry.type === "MultiPolygon" ? geometry.coordinates.map((rings) => rings.map((ring) => packLine(ring))) : [],
  );
}

/** The lines between two countries. */
function bordersOf(atlas: Atlas): string[] {
  return mesh(atlas, atlas.objects.countries, (one, other) => one !== other).coordinates.map((line) => packLine(line));
}
