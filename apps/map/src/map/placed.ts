import { STATUS_CODES } from "../data/statuses.ts";
import { numberOf } from "../data/table-fields.ts";
import { type Cluster, clusterOf, groupByCell, middleOf } from "./clusters.ts";
import { GRID_CELL } from "./host-grid.ts";
import type { Bounds, Point } from "./plane.ts";
import type { Scene } from "./scene.ts";
import { type Circles, pushApart, sunflower } from "./spread.ts";
import { contains, sightOf, type View } from "./view.ts";

/** What lies where on the screen. Coordinates are CSS pixels from the plane's origin, so that they outlast a move. */
export interface Placed {
  /** Whether there are so many clients in sight that each is only a dot; then spots are of some of those in trouble. */
  readonly dense: boolean;
  /** How wide a dot is. */
  readonly dot: number;
  readonly spots: Spots;
  /** The spot of a client, its own or that of its cluster; -1: it has none. */
  spotOf(client: number): number;
  readonly server: Point | undefined;
  /** Where this holds. */
  readonly region: Bounds;
  readonly view: View;
  readonly scene: Scene;
}

/** Marks of single clients and of clusters, by index. */
export interface Spots extends Circles {
  /** The client; of a cluster the one where it stands. */
  readonly clients: Uint32Array;
  /** Undefined for a single client. */
  readonly clusters: readonly (Cluster | undefined)[];
  /** Where each would be if there were no others. */
  readonly homeX: Float32Array;
  readonly homeY: Float32Array;
}

/** With more clients in sight each is only a dot. */
const MAX_SPOTS = 5000;
/** So many clients of a cell still find room beside each other; looked at as closely as one can, more do. */
const MAX_OPEN = 9;
const MAX_OPEN_CLOSE = 150;
/** More marks than this have to be smaller, and so on a phone. */
const CROWDED = 120;
const NARROW = 520;
/** The radius of the server’s mark, in CSS pixels. */
export const SERVER_RADIUS = 10;
const MAX_SHIFT = 22;
/** Many clients together are not to be looked for elsewhere. */
const MAX_CLUSTER_SHIFT = 16;
/** How much more than what is in sight is placed, as a share of the map's size. */
const MARGIN = 0.3;

/** Places everything anew, unless it still holds. */
export function placeSpots(scene: Scene, view: View, before: Placed | undefined): Placed {
  if (before !== undefined && stillHolds(before, scene, view)) return before;
  const region = sightOf(view, MARGIN);
  const clients = clientsIn(scene, view, region);
  const dense = clients === undefined;
  const marked = clients ?? graveIn(scene, view, region);
  const server = view.projection === undefined ? undefined : serverSpot(scene, view);
  const spots = scene.grid === undefined ? worldSpots(scene, view, marked, dense) : gridSpots(scene, view, marked);
  if (scene.grid === undefined && !dense) {
    const maxShift = (spot: number): number => (spots.clusters[spot] === undefined ? MAX_SHIFT : MAX_CLUSTER_SHIFT);
    pushApart(spots, server && { ...server, radius: SERVER_RADIUS + 1 }, maxShift);
  }
  const owners = ownersOf(spots);
  return {
    dense,
    dot: dense ? dotOf(scene, view) : 0,
    spots,
    spotOf: (client) => owners.get(client) ?? -1,
    server,
    region,
    view,
    scene,
  };
}

function stillHolds(before: Placed, scene: Scene, view: View): boolean {
  return (
    before.scene === scene &&
    before.view.positions === view.positions &&
    before.view.camera.k === view.camera.k &&
    before.view.size === view.size &&
    contains(before.region, sightOf(view))
  );
}

/** So many clients in trouble have marks of their own over the dots. */
const MAX_GRAVE = 150;

/** Those in a region that failed, dropped out, or sent what is not finite; none if marks would cover all others. */
function graveIn({ order, status }: Scene, { positions, camera: { k } }: View, region: Bounds): number[] {
  const found: number[] = [];
  for (const client of order) {
    if ((status[client] ?? STATUS_CODES.idle) > STATUS_CODES.non_finite) continue;
    const [x, y] = [num(positions.x, client) * k, num(positions.y, client) * k];
    if (!(x >= region.left && x <= region.right && y >= region.top && y <= region.bottom)) continue;
    if (found.length === MAX_GRAVE) return [];
    found.push(client);
  }
  return found;
}

/** The clients in a region; undefined if they are too many. */
function clientsIn(
  { order }: Scene,
  { positions: { x, y }, camera: { k } }: View,
  region: Bounds,
): number[] | undefined {
  const [left, right, top, bottom] = [region.left / k, region.right / k, region.top / k, region.bottom / k];
  const found: number[] = [];
  for (let at = 0; at < order.length; at++) {
    const client = order[at] ?? 0;
    const cx = x[client] ?? Number.NaN;
    const cy = y[client] ?? Number.NaN;
    if (!(cx >= left && cx <= right && cy >= top && cy <= bottom)) continue;
    if (found.length === MAX_SPOTS) return undefined;
    found.push(client);
  }
  // By index, whatever their status, so that they keep their places from round to round.
  return found.sort((a, b) => a - b);
}

function serverSpot({ server }: Scene, { projection, camera }: View): Point | undefined {
  if (server === undefined || projection === undefined) return undefined;
  const { x, y } = projection.project(...server);
  return Number.isNaN(x) ? undefined : { x: x * camera.k, y: y * camera.k };
}

function worldSpots(scene: Scene, view: View, clients: readonly number[], dense: boolean): Spots {
  const { k } = view.camera;
  const open = k > view.maxK * 0.75 ? MAX_OPEN_CLOSE : MAX_OPEN;
  const single: number[] = [];
  const clusters: Cluster[] = [];
  // Over dots each mark stands on its own.
  if (dense) single.push(...clients);
  else
    for (const members of groupByCell(clients, view.still, k)) {
      if (members.length > open) clusters.push(clusterOf(members, scene));
      else single.push(...members);
    }
  const scale = (view.size.width < NARROW ? 0.75 : 1) * (single.length > CROWDED ? 0.65 : 1);
  const spots = emptySpots(single.length, clusters);
  const crowds = new Map<string, number>();
  single.forEach((client, i) => {
    setHome(spots, i, client, view);
    spots.radius[i] = (4.5 + 3.5 * weightOf(scene, client)) * scale * (isIdle(scene, client) ? 0.75 : 1);
    // Clients of one place stand around it.
    const key = `${Math.round(num(spots.homeX, i))},${Math.round(num(spots.homeY, i))}`;
    const seed = crowds.get(key) ?? 0;
    crowds.set(key, seed + 1);
    if (seed === 0) return;
    const away = sunflower(seed);
    spots.x[i] = num(spots.homeX, i) + away.x * 9 * scale;
    spots.y[i] = num(spots.homeY, i) + away.y * 9 * scale;
  });
  clusters.forEach((cluster, j) => {
    const i = single.length + j;
    setHome(spots, i, middleOf(cluster.members, view.still), view);
    spots.radius[i] = 8.5 + 4 * Math.log10(cluster.members.length);
  });
  return spots;
}

function gridSpots(scene: Scene, view: View, clients: readonly number[]): Spots {
  const spots = emptySpots(clients.length, []);
  const cell = GRID_CELL * view.camera.k;
  clients.forEach((client, i) => {
    setHome(spots, i, client, view);
    spots.radius[i] = Math.min(cell * 0.34, 9 + 5 * weightOf(scene, client));
  });
  return spots;
}

function emptySpots(singles: number, clusters: readonly Cluster[]): Spots {
  const count = singles + clusters.length;
  const column = (): Float32Array => new Float32Array(count);
  return {
    clients: new Uint32Array(count),
    clusters: [...new Array<undefined>(singles), ...clusters],
    x: column(),
    y: column(),
    radius: column(),
    homeX: column(),
    homeY: column(),
  };
}

function setHome(spots: Spots, i: number, client: number, { positions, camera: { k } }: View): void {
  spots.clients[i] = client;
  spots.homeX[i] = num(positions.x, client) * k;
  spots.homeY[i] = num(positions.y, client) * k;
  spots.x[i] = num(spots.homeX, i);
  spots.y[i] = num(spots.homeY, i);
}

function ownersOf({ clients, clusters }: Spots): Map<number, number> {
  const owners = new Map<number, number>();
  for (let i = 0; i < clients.length; i++) {
    for (const member of clusters[i]?.members ?? [clients[i] ?? 0]) owners.set(member, i);
  }
  return owners;
}

/** Of so many clients, or fewer, it is looked whether they are in sight. */
const MAX_LOOKED_AT = 65_536;

/** In CSS pixels. */
const SMALL_CELL = 4;

/** The fewer dots are in sight, the larger they may be. */
function dotOf({ order, grid }: Scene, view: View): number {
  if (grid !== undefined) {
    const cell = GRID_CELL * view.camera.k;
    // Between small dots gaps of a pixel here and none there would make a pattern.
    return cell < SMALL_CELL ? Math.ceil(cell) : Math.floor(cell * 0.8);
  }
  const { x, y } = view.positions;
  const sight = sightOf(view);
  const { k } = view.camera;
  const stride = Math.ceil(order.length / MAX_LOOKED_AT);
  let seen = 0;
  for (let at = 0; at < order.length; at += stride) {
    const client = order[at] ?? 0;
    const cx = (x[client] ?? Number.NaN) * k;
    const cy = (y[client] ?? Number.NaN) * k;
    if (cx >= sight.left && cx <= sight.right && cy >= sight.top && cy <= sight.bottom) seen++;
  }
  const share = (seen * stride) / (view.size.width * view.size.height);
  return share > 0.3 ? 1 : share > 0.02 ? 2 : 3;
}

/** How much of the most samples a client has, as the radius tells it. */
function weightOf({ table, mostSamples }: Scene, client: number): number {
  if (mostSamples === 0) return 0.5;
  const samples = numberOf(table, client, "num_samples") ?? 0;
  return Math.sqrt(Math.min(1, Math.max(0, samples) / mostSamples)) || 0;
}

function isIdle({ status }: Scene, client: number): boolean {
  return status[client] === STATUS_CODES.idle;
}

function num(values: Float32Array, index: number): number {
  return values[index] ?? Number.NaN;
}
