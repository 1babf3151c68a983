import { getOrAdd } from "../data/get-or-add.ts";
import { CLIENT_STATUSES, STATUS_CODES } from "../data/statuses.ts";
import { DIMMED, FIRST_STEP, NO_VALUE } from "./color-scale.ts";
import type { Point, Positions } from "./plane.ts";
import type { Scene } from "./scene.ts";
import { SCALE_STEPS } from "./viridis.ts";

/** Clients that are too near to each other for a mark of their own. */
export interface Cluster {
  readonly members: readonly number[];
  /** How many members are told of: those that the filter lets through, or if there are none all. */
  readonly count: number;
  /** How many of them have each status. */
  readonly counts: Uint32Array;
  /** The gravest status of them, by its code. */
  readonly worst: number;
  /** The colour code of their mean value; undefined where status is what colours. */
  readonly code: number | undefined;
  /** Whether the filter lets none of them through. */
  readonly dimmed: boolean;
}

/** A cell of the grid that finds clusters is between this and twice as wide, in CSS pixels. */
const CELL = 20;
/** So many cells around the fullest one belong to it: what is one crowd to the eye is one cluster. */
const REACH = 1.4;

/**
 * Groups clients by the cells of a grid that is fixed to the plane, so that moving the map changes no group, and zooming
 * opens them at steps of two. A cell whose clients are near to those of a fuller one, which itself is near to none, goes
 * with that: so no group is cut in two by the grid, and none grows beyond what is near.
 *
 * @param k - CSS pixels in a unit of the plane
 */
export function groupByCell(clients: readonly number[], { x, y }: Positions, k: number): number[][] {
  const cell = 2 ** Math.ceil(Math.log2(CELL / k));
  const cells = new Map<number, number[]>();
  for (const client of clients) {
    const key = Math.floor((x[client] ?? 0) / cell) * 2 ** 24 + Math.floor((y[client] ?? 0) / cell);
    getOrAdd(cells, key, () => []).push(client);
  }
  const crowds = Array.from(cells.values(), (members) => ({ members, ...meanOf(members, { x, y }) }));
  return joinCells(crowds, cell);
}

interface Crowd extends Point {
  readonly members: readonly number[];
}

function meanOf(members: readonly number[], { x, y }: Positions): Point {
  let [sumX, sumY] = [0, 0];
  for (const client of members) {
    sumX += x[client] ?? 0;
    sumY += y[client] ?? 0;
  }
  return { x: sumX / members.length, y: sumY / members.length };
}

function joinCells(crowds: readonly Crowd[], cell: number): number[][] {
  const reach = REACH * cell;
  const nearOf = nearCrowds(crowds, reach);
  // The clients' own numbers decide between equals, so that the order in which they come doesn't.
  const isFuller = (a: Crowd, b: Crowd): boolean =>
    a.members.length > b.members.length ||
    (a.members.length === b.members.length && Math.min(...a.members) < Math.min(...b.members));
  const isSeed = new Map(crowds.map((crowd) => [crowd, nearOf(crowd).every((other) => isFuller(crowd, other))]));
  const groups = new Map<Crowd, number[]>();
  for (const crowd of crowds) {
    const seeds = isSeed.get(crowd) === true ? [] : nearOf(crowd).filter((other) => isSeed.get(other) === true);
    const home = seeds.reduce((best, other) => (isFuller(other, best) ? other : best), crowd);
    const group = getOrAdd(groups, home, () => []);
    for (const client of crowd.members) group.push(client);
  }
  return [...groups.values()];
}

/** Finds those that are within reach of one. */
function nearCrowds(crowds: readonly Crowd[], reach: number): (crowd: Crowd) => Crowd[] {
  const keyOf = (column: number, row: number): number => column * 2 ** 24 + row;
  const cells = new Map<number, Crowd[]>();
  for (const crowd of crowds) {
    getOrAdd(cells, keyOf(Math.floor(crowd.x / reach), Math.floor(crowd.y / reach)), () => []).push(crowd);
  }
  return (crowd) => {
    const [column, row] = [Math.floor(crowd.x / reach), Math.floor(crowd.y / reach)];
    const near: Crowd[] = [];
    for (let at = 0; at < 9; at++) {
      for (const other of cells.get(keyOf(column + (at % 3) - 1, row + Math.floor(at / 3) - 1)) ?? []) {
        if (other !== crowd && Math.hypot(other.x - crowd.x, other.y - crowd.y) < reach) near.push(other);
      }
    }
    return near;
  };
}

export function clusterOf(members: readonly number[], { status, codes, scale }: Scene): Cluster {
  const bright = members.filter((client) => (codes[client] ?? 0) < DIMMED);
  const told = bright.length > 0 ? bright : members;
  const counts = new Uint32Array(CLIENT_STATUSES.length);
  let [steps, valued] = [0, 0];
  for (const client of told) {
    const standing = status[client] ?? STATUS_CODES.idle;
    counts[standing] = (counts[standing] ?? 0) + 1;
    const step = ((codes[client] ?? 0) % DIMMED) - FIRST_STEP;
    if (step < 0 || step >= SCALE_STEPS) continue;
    steps += step;
    valued++;
  }
  const mean = valued === 0 ? NO_VALUE : FIRST_STEP + Math.round(steps / valued);
  return {
    members,
    count: told.length,
    counts,
    worst: counts.findIndex((count) => count > 0),
    code: scale === undefined ? undefined : mean,
    dimmed: bright.length === 0,
  };
}

/** The member in the middle: a cluster stands where a client is, not where nobody said to be. */
export function middleOf(members: readonly number[], { x, y }: Positions): number {
  const { x: middleX, y: middleY } = meanOf(members, { x, y });
  let [best, found] = [Number.POSITIVE_INFINITY, members[0] ?? 0];
  for (const client of members) {
    const distance = Math.hypot((x[client] ?? 0) - middleX, (y[client] ?? 0) - middleY);
    if (distance < best) [best, found] = [distance, client];
  }
  return found;
}
