import type { Places } from "./places.ts";

/** The Earth in parts of about the same size, as far as there are clients in them. */
export interface Regions {
  /** The region of each client; {@link NO_REGION} for those without a place. */
  readonly of: Uint16Array;
  /** Of each region the client that is nearest to the middle of all. */
  readonly middles: Uint32Array;
}

export const NO_REGION = 0xffff;

/** A region is this high, in degrees, and at the equator as wide. */
const DEGREES = 18;
const BANDS = 180 / DEGREES;

const known = new WeakMap<Places, Regions>();

export function regionsOf(places: Places): Regions {
  let regions = known.get(places);
  if (regions === undefined) {
    regions = findRegions(places);
    known.set(places, regions);
  }
  return regions;
}

function findRegions({ lat, lng }: Places): Regions {
  const of = new Uint16Array(lat.length).fill(NO_REGION);
  const indices = new Map<number, number>();
  const sums: { lat: number; lng: number; count: number }[] = [];
  for (let client = 0; client < lat.length; client++) {
    const [north, east] = [lat[client] ?? Number.NaN, lng[client] ?? Number.NaN];
    if (Number.isNaN(north)) continue;
    const key = cellAt(north, east);
    let index = indices.get(key);
    if (index === undefined) {
      index = sums.push({ lat: 0, lng: 0, count: 0 }) - 1;
      indices.set(key, index);
    }
    of[client] = index;
    const sum = sums[index];
    if (sum === undefined) continue;
    sum.lat += north;
    sum.lng += east;
    sum.count++;
  }
  const middles = new Uint32Array(sums.length);
  const nearest = new Float64Array(sums.length).fill(Number.POSITIVE_INFINITY);
  for (let client = 0; client < lat.length; client++) {
    const index = of[client] ?? NO_REGION;
    const sum = sums[index];
    if (sum === undefined) continue;
    const [north, east] = [(lat[client] ?? 0) - sum.lat / sum.count, (lng[client] ?? 0) - sum.lng / sum.count];
    const distance = north * north + east * east;
    if (distance >= (nearest[index] ?? 0)) continue;
    nearest[index] = distance;
    middles[index] = client;
  }
  return { of, middles };
}

/** How many regions lie around the Earth in each band. */
const AROUND = Array.from({ length: BANDS }, (_, band) => {
  const middle = ((band + 0.5) * DEGREES - 90) * (Math.PI / 180);
  return Math.max(1, Math.round((360 / DEGREES) * Math.cos(middle)));
});

function cellAt(lat: number, lng: number): number {
  const band = Math.min(Math.floor((lat + 90) / DEGREES), BANDS - 1);
  const around = AROUND[band] ?? 1;
  return band * 64 + Math.min(Math.floor(((lng + 180) / 360) * around), around - 1);
}
