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
/** So many, at most, are in a band. */
const MAX_AROUND = 360 / DEGREES;

const known = new WeakMap<Places, Regions>();

export function regionsOf(places: Places): Regions {
  let regions = known.get(places);
  if (regions === undefined) {
    regions = findRegions(places);
    known.set(places, regions);
  }
  return regions;
}

/** In numbers alone: it runs once, over all clients, while they wait to be drawn. */
function findRegions({ lat, lng }: Places): Regions {
  const of = new Uint16Array(lat.length).fill(NO_REGION);
  const regionAt = new Uint16Array(BANDS * MAX_AROUND).fill(NO_REGION);
  const latOf = new Float64Array(regionAt.length);
  const lngOf = new Float64Array(regionAt.length);
  const counts = new Uint32Array(regionAt.length);
  let regions = 0;
  for (let client = 0; client < lat.length; client++) {
    const north = lat[client] ?? Number.NaN;
    if (Number.isNaN(north)) continue;
    const east = lng[client] ?? Number.NaN;
    const cell = cellAt(north, east);
    let region = regionAt[cell] ?? NO_REGION;
    if (region === NO_REGION) {
      region = regions++;
      regionAt[cell] = region;
    }
    of[client] = region;
    latOf[region] = (latOf[region] ?? 0) + north;
    lngOf[region] = (lngOf[region] ?? 0) + east;
    counts[region] = (counts[region] ?? 0) + 1;
  }
  for (let region = 0; region < regions; region++) {
    latOf[region] = (latOf[region] ?? 0) / (counts[region] ?? 1);
    lngOf[region] = (lngOf[region] ?? 0) / (counts[region] ?? 1);
  }
  const middles = new Uint32Array(regions);
  const nearest = new Float64Array(regions).fill(Number.POSITIVE_INFINITY);
  for (let client = 0; client < lat.length; client++) {
    const region = of[client] ?? NO_REGION;
    if (region === NO_REGION) continue;
    const north = (lat[client] ?? 0) - (latOf[region] ?? 0);
    const east = (lng[client] ?? 0) - (lngOf[region] ?? 0);
    const distance = north * north + east * east;
    if (distance >= (nearest[region] ?? 0)) continue;
    nearest[region] = distance;
    middles[region] = client;
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
  return band * MAX_AROUND + Math.min(Math.floor(((lng + 180) / 360) * around), around - 1);
}
