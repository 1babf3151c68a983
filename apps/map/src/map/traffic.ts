import { geoDistance, geoInterpolate } from "d3-geo";
import type { RoundTable } from "../data/run-data.ts";
import { STATUS_CODES } from "../data/statuses.ts";
import { numbersOf } from "../data/table-fields.ts";
import type { LngLat, Places } from "./places.ts";

/** The traffic between a site, or a region's sites, and the server in the shown round. */
export interface Flow {
  /** Index of the client; of a region the one with the most bytes, where the flow begins. */
  readonly client: number;
  readonly sites: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** The way to the server; undefined while nobody knows where that is. */
  readonly way: Way | undefined;
}

/** The shortest way over the Earth: longitude and latitude of points, evenly spaced. */
export type Way = Float64Array;

/** Further arcs would only cover the Earth: if there are more sites, those of a region share one. */
const MAX_FLOWS = 200;
/** A region is this high, in degrees, and at the equator as wide. */
const REGION_DEGREES = 12;

interface TrafficSource {
  readonly table: RoundTable | undefined;
  readonly places: Places;
  readonly server: LngLat | undefined;
  /** Which clients are asked for; undefined: all. */
  readonly matches: Uint8Array | undefined;
}

/** Finds the flows of a round, the largest first, and keeps the ways, which change only with the places. */
export function createTraffic(): (source: TrafficSource) => Flow[] {
  let ways = new Map<string, Way>();
  let to: LngLat | undefined;

  function wayFrom(places: Places, client: number): Way | undefined {
    if (to === undefined) return undefined;
    const [lng, lat] = [places.lng[client] ?? 0, places.lat[client] ?? 0];
    const key = `${lng},${lat}`;
    let way = ways.get(key);
    if (way === undefined) {
      way = greatCircle([lng, lat], to);
      ways.set(key, way);
    }
    return way;
  }

  return (source) => {
    const { places, server } = source;
    if (to?.join() !== server?.join() || ways.size > 10 * MAX_FLOWS) ways = new Map();
    to = server;
    const sites = talkingSites(source);
    const flows = sites.length > MAX_FLOWS ? byRegion(sites, places) : sites;
    return flows
      .sort((a, b) => b.bytesUp + b.bytesDown - a.bytesUp - a.bytesDown || a.client - b.client)
      .slice(0, MAX_FLOWS)
      .map((flow) => ({ ...flow, way: wayFrom(places, flow.client) }));
  };
}

type Amount = Omit<Flow, "way">;

/** A client of which there is a result has talked to the server, even if nobody counted the bytes. */
const WITH_RESULT: ReadonlySet<number> = new Set([
  STATUS_CODES.active,
  STATUS_CODES.straggler,
  STATUS_CODES.non_finite,
]);

function talkingSites({ table, places, matches }: TrafficSource): Amount[] {
  const sites: Amount[] = [];
  if (table === undefined) return sites;
  const up = numbersOf(table, "bytes_sent");
  const down = numbersOf(table, "bytes_received");
  for (let row = 0; row < table.rows; row++) {
    const client = table.clients[row] ?? 0;
    if (!WITH_RESULT.has(table.status[row] ?? -1) || matches?.[client] === 0) continue;
    if (!Number.isFinite(places.lat[client])) continue;
    sites.push({ client, sites: 1, bytesUp: amount(up?.numbers[row]), bytesDown: amount(down?.numbers[row]) });
  }
  return sites;
}

interface Region extends Amount {
  sites: number;
  bytesUp: number;
  bytesDown: number;
  client: number;
  most: number;
}

function byRegion(sites: readonly Amount[], { lat, lng }: Places): Amount[] {
  const regions = new Map<number, Region>();
  for (const { client, bytesUp, bytesDown } of sites) {
    const key = regionAt(lng[client] ?? 0, lat[client] ?? 0);
    const bytes = bytesUp + bytesDown;
    const region = regions.get(key);
    if (region === undefined) regions.set(key, { client, sites: 1, bytesUp, bytesDown, most: bytes });
    else {
      region.sites++;
      region.bytesUp += bytesUp;
      region.bytesDown += bytesDown;
      if (bytes > region.most) {
        region.most = bytes;
        region.client = client;
      }
    }
  }
  return [...regions.values()].map(({ most: _, ...region }) => region);
}

function regionAt(lng: number, lat: number): number {
  const band = Math.min(Math.floor((lat + 90) / REGION_DEGREES), 180 / REGION_DEGREES - 1);
  const middle = ((band + 0.5) * REGION_DEGREES - 90) * (Math.PI / 180);
  const around = Math.max(1, Math.round((360 / REGION_DEGREES) * Math.cos(middle)));
  return band * 64 + Math.min(Math.floor(((lng + 180) / 360) * around), around - 1);
}

/** A number of bytes; what was not counted, or can't be one, is 0. */
function amount(value: number | undefined): number {
  return value !== undefined && Number.isFinite(value) && value > 0 ? value : 0;
}

/** How many points a way half around the Earth gets. */
const POINTS = 64;

export function greatCircle(from: LngLat, to: LngLat): Way {
  const along = geoInterpolate([...from], [...to]);
  const steps = Math.max(2, Math.ceil((geoDistance([...from], [...to]) / Math.PI) * POINTS));
  const way = new Float64Array(2 * steps + 2);
  for (let step = 0; step <= steps; step++) {
    const [lng, lat] = along(step / steps);
    way[2 * step] = lng;
    way[2 * step + 1] = lat;
  }
  return way;
}
