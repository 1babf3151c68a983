import type { LngLat } from "./places.ts";

/**
 * Lays a ring of the Earth's surface on a plane whose edges are at 180° west and east: what lies across them is cut into a
 * piece at each side, and what lies around a pole reaches to it.
 *
 * Between two points of an outline there is so little that none are needed along its edges.
 */
export function flatRings(ring: readonly LngLat[]): LngLat[][] {
  const unrolled = unroll(ring);
  const lngs = unrolled.map(([lng]) => lng);
  const [west, east] = [Math.min(...lngs), Math.max(...lngs)];
  const pieces: LngLat[][] = [];
  for (let turn = Math.ceil((west - 180) / 360); turn * 360 - 180 < east; turn++) {
    pieces.push(unrolled.map(([lng, lat]) => [Math.min(180, Math.max(-180, lng - turn * 360)), lat]));
  }
  return pieces;
}

/** A ring whose longitudes go on beyond 180° where it does. */
function unroll(ring: readonly LngLat[]): LngLat[] {
  const unrolled: LngLat[] = [];
  let [turns, before] = [0, ring[0]?.[0] ?? 0];
  for (const [lng, lat] of ring) {
    if (lng - before > 180) turns--;
    else if (before - lng > 180) turns++;
    before = lng;
    unrolled.push([lng + turns * 360, lat]);
  }
  const [first, last] = [unrolled[0], unrolled.at(-1)];
  if (first === undefined || last === undefined || Math.abs(last[0] - first[0]) < 180) return unrolled;
  const pole = first[1] < 0 ? -90 : 90;
  return [...unrolled, [last[0], pole], [first[0], pole]];
}
