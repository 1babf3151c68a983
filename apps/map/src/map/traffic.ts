import type { RoundTable } from "../data/run-data.ts";
import { STATUS_CODES } from "../data/statuses.ts";
import { numbersOf } from "../data/table-fields.ts";
import type { LngLat, Places } from "./places.ts";
import { NO_REGION, regionsOf } from "./regions.ts";

/** The traffic between a site, or a region's sites, and the server in the shown round. */
export interface Flow {
  /** Index of the client; of a region the one in its middle, whatever round it is. */
  readonly client: number;
  /** Whether it is all that comes from a region, and not that client's own. */
  readonly isRegion: boolean;
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
    return (bySite(source) ?? byRegion(source))
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

/** Undefined: there are too many. */
function bySite(source: TrafficSource): Amount[] | undefined {
  const sites: Amount[] = [];
  let isTooMany = false;
  eachTalking(source, (client, bytesUp, bytesDown) => {
    if (sites.length < MAX_FLOWS) sites.push({ client, isRegion: false, sites: 1, bytesUp, bytesDown });
    else isTooMany = true;
    return !isTooMany;
  });
  return isTooMany ? undefined : sites;
}

function byRegion(source: TrafficSource): Amount[] {
  const { of, middles } = regionsOf(source.places);
  const regions = Array.from(middles, (client) => ({ client, isRegion: true, sites: 0, bytesUp: 0, bytesDown: 0 }));
  eachTalking(source, (client, bytesUp, bytesDown) => {
    const region = regions[of[client] ?? NO_REGION];
    if (region === undefined) return true;
    region.sites++;
    region.bytesUp += bytesUp;
    region.bytesDown += bytesDown;
    return true;
  });
  return regions.filter(({ sites }) => sites > 0);
}

/** @param visit - is called for each site until it answers no */
function eachTalking(
  { table, places, matches }: TrafficSource,
  visit: (client: number, bytesUp: number, bytesDown: number) => boolean,
): void {
  if (table === undefined) return;
  const up = numbersOf(table, "bytes_sent")?.numbers;
  const down = numbersOf(table, "bytes_received")?.numbers;
  for (let row = 0; row < table.rows; row++) {
    const client = table.clients[row] ?? 0;
    if (!WITH_RESULT.has(table.status[row] ?? -1) || matches?.[client] === 0) continue;
    if (!Number.isFinite(places.lat[client])) continue;
    if (!visit(client, amount(up?.[row]), amount(down?.[row]))) return;
  }
}

/** A number of bytes; what was not counted, or can't be one, is 0. */
function amount(value: number | undefined): number {
  return value !== undefined && Number.isFinite(value) && value > 0 ? value : 0;
}

/** How many points a way half around the Earth gets. */
const POINTS = 64;

const RADIANS = Math.PI / 180;

export function greatCircle(from: LngLat, to: LngLat): Way {
  const [a, b] = [vectorOf(from), vectorOf(to)];
  const angle = 2 * Math.asin(Math.min(1, Math.hypot(a.x - b.x, a.y - b.y, a.z - b.z) / 2));
  const steps = Math.max(2, Math.ceil((angle / Math.PI) * POINTS));
  const way = new Float64Array(2 * steps + 2);
  for (let step = 0; step <= steps; step++) {
    const share = step / steps;
    // Of a way of no length all points are its beginning.
    const ofA = angle === 0 ? 1 : Math.sin((1 - share) * angle);
    const ofB = angle === 0 ? 0 : Math.sin(share * angle);
    const x = ofA * a.x + ofB * b.x;
    const y = ofA * a.y + ofB * b.y;
    const z = ofA * a.z + ofB * b.z;
    way[2 * step] = Math.atan2(y, x) / RADIANS;
    way[2 * step + 1] = Math.atan2(z, Math.hypot(x, y)) / RADIANS;
  }
  return way;
}

/** A place as a point of a ball of radius 1. */
function vectorOf([lng, lat]: LngLat): { readonly x: number; readonly y: number; readonly z: number } {
  const [east, north] = [lng * RADIANS, lat * RADIANS];
  return { x: Math.cos(north) * Math.cos(east), y: Math.cos(north) * Math.sin(east), z: Math.sin(north) };
}
