import { isLocated } from "@hivewatch/core";
import type { RunModel } from "../model/run-model.ts";
import { greatCircle, type LngLat } from "./great-circle.ts";
import { type Bounds, boundsOf, toPlane, WORLD } from "./plane.ts";
import { type Spread, spreadCrowds } from "./spread.ts";

/** Where the clients are on the plane, by their index in the roster. A client without a place has NaN coordinates. */
export interface SiteLayout {
  /** The Earth; or, when nobody said where it is, a grid. */
  readonly kind: "world" | "grid";
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly spread: Spread;
  /** Everything that can be looked at. */
  readonly bounds: Bounds;
  /** What a reader wants to see first. */
  readonly focus: Bounds;
  /** The clients that the map can't show. */
  readonly unlocated: readonly number[];
  readonly server: { readonly lat: number; readonly lng: number } | undefined;
}

/** The size of a cell of the grid, in units of the plane. */
export const GRID_CELL = 100;

/** Places closer than this, in degrees, are one place. About a kilometre. */
const SAME_PLACE = 0.01;

/** Lays out the clients of a run. */
export function layOutSites(model: RunModel): SiteLayout {
  const count = model.roster.length;
  const x = new Float64Array(count).fill(Number.NaN);
  const y = new Float64Array(count).fill(Number.NaN);
  const places: (string | undefined)[] = new Array(count);
  const unlocated: number[] = [];
  model.roster.forEach((id, index) => {
    const latest = model.state.clients.get(id)?.latest;
    if (!isLocated(latest)) {
      unlocated.push(index);
      return;
    }
    const point = toPlane(latest.lng, latest.lat);
    x[index] = point.x;
    y[index] = point.y;
    places[index] = `${Math.round(latest.lat / SAME_PLACE)},${Math.round(latest.lng / SAME_PLACE)}`;
  });
  const server = isLocated(model.state.server) ? model.state.server : undefined;
  if (count > 0 && unlocated.length === count) return layOutGrid(count, server);
  return {
    kind: "world",
    x,
    y,
    spread: spreadCrowds(count, (index) => places[index]),
    bounds: WORLD,
    focus: focusOf(model, server) ?? WORLD,
    unlocated,
    server,
  };
}

/** Where this many clients are, the others will be too. */
const MAX_FOCUSED = 500;

/** The bounds of the clients, the server, and the ways between them. */
function focusOf(model: RunModel, server: SiteLayout["server"]): Bounds | undefined {
  const xs: number[] = [];
  const ys: number[] = [];
  const step = Math.ceil(model.roster.length / MAX_FOCUSED);
  for (let index = 0; index < model.roster.length; index += step) {
    const latest = model.state.clients.get(model.roster[index] ?? "")?.latest;
    if (!isLocated(latest)) continue;
    const from: LngLat = [latest.lng, latest.lat];
    greatCircle(from, server === undefined ? from : [server.lng, server.lat]).forEach((value, position) => {
      (position % 2 === 0 ? xs : ys).push(value);
    });
  }
  return boundsOf(xs, ys);
}

/** A grid is wider than high, as screens are. */
const GRID_ASPECT = 1.9;

function layOutGrid(count: number, server: SiteLayout["server"]): SiteLayout {
  const columns = Math.max(1, Math.ceil(Math.sqrt(count * GRID_ASPECT)));
  const rows = Math.ceil(count / columns);
  const bounds = { left: 0, top: 0, right: columns * GRID_CELL, bottom: rows * GRID_CELL };
  return {
    kind: "grid",
    x: Float64Array.from({ length: count }, (_, index) => ((index % columns) + 0.5) * GRID_CELL),
    y: Float64Array.from({ length: count }, (_, index) => (Math.floor(index / columns) + 0.5) * GRID_CELL),
    spread: spreadCrowds(count, () => undefined),
    bounds,
    focus: bounds,
    unlocated: Array.from({ length: count }, (_, index) => index),
    server,
  };
}
