import { type GeoProjection, type GeoRawProjection, geoEqualEarthRaw, geoMercatorRaw, geoOrthographic } from "d3-geo";
import type { Projection as ProjectionName } from "../page-state.ts";
import type { LngLat, Places } from "./places.ts";
import type { Bounds, Point, Positions } from "./plane.ts";

/** A way to lay the Earth onto a plane. It never changes: a globe that is turned is another projection. */
export interface Projection {
  readonly name: ProjectionName;
  /** The whole Earth. */
  readonly bounds: Bounds;
  /** For a globe the place in its middle: to drag it is to turn it. */
  readonly center: LngLat | undefined;
  /** Where a place lies on the plane; NaN where it can't be seen. */
  project(lng: number, lat: number): Point;
  /** The place at a point of the plane; beyond the Earth's edge the nearest that numbers have. */
  invert(x: number, y: number): LngLat;
  /** The same as `project` for many, by index. */
  projectAll(places: Places, to: Positions): void;
  /** What is nearer to a pole is on no plane. */
  readonly maxLat: number;
  /** The same for outlines, of which a globe hides a half; undefined: each point has its place. */
  readonly geo: GeoProjection | undefined;
}

/** The radius of the Earth on the plane. */
export const EARTH_RADIUS = 1000;

const RADIANS = Math.PI / 180;
/** Here Mercator's plane is a square; the poles are on none. */
const MERCATOR_LAT = 85.051129;

/** Areas keep their proportions, so that no continent's sites look more important than another's. */
export const equalEarth = planar("equal-earth", geoEqualEarthRaw, 90);

const mercator = planar("mercator", geoMercatorRaw, MERCATOR_LAT);

/** The projection of a name. @param center - the place in the middle of a globe */
export function projectionOf(name: ProjectionName, center: LngLat): Projection {
  if (name === "globe") return globe(center);
  return name === "mercator" ? mercator : equalEarth;
}

function planar(name: ProjectionName, raw: GeoRawProjection, maxLat: number): Projection {
  const project = (lng: number, lat: number): Point => {
    if (!(Math.abs(lat) <= maxLat)) return { x: Number.NaN, y: Number.NaN };
    const [x, y] = raw(lng * RADIANS, lat * RADIANS);
    return { x: x * EARTH_RADIUS, y: -y * EARTH_RADIUS };
  };
  return {
    name,
    center: undefined,
    bounds: {
      left: project(-180, 0).x,
      right: project(180, 0).x,
      top: project(0, maxLat).y,
      bottom: project(0, -maxLat).y,
    },
    project,
    invert(x, y) {
      const [lng, lat] = raw.invert?.(x / EARTH_RADIUS, -y / EARTH_RADIUS) ?? [0, 0];
      return [within(lng / RADIANS, 180), within(lat / RADIANS, maxLat)];
    },
    projectAll({ lat, lng }, { x, y }) {
      for (let i = 0; i < x.length; i++) {
        const point = project(lng[i] ?? Number.NaN, lat[i] ?? Number.NaN);
        x[i] = point.x;
        y[i] = point.y;
      }
    },
    maxLat,
    geo: undefined,
  };
}

function globe(center: LngLat): Projection {
  const [sinLng, cosLng] = [Math.sin(center[0] * RADIANS), Math.cos(center[0] * RADIANS)];
  const [sinLat, cosLat] = [Math.sin(center[1] * RADIANS), Math.cos(center[1] * RADIANS)];
  const project = (lng: number, lat: number): Point => {
    const [east, north] = [(lng - center[0]) * RADIANS, lat * RADIANS];
    const forward = Math.cos(north) * Math.cos(east);
    if (!(sinLat * Math.sin(north) + cosLat * forward > 0)) return { x: Number.NaN, y: Number.NaN };
    return {
      x: Math.cos(north) * Math.sin(east) * EARTH_RADIUS,
      y: (sinLat * forward - cosLat * Math.sin(north)) * EARTH_RADIUS,
    };
  };
  return {
    name: "globe",
    center,
    bounds: { left: -EARTH_RADIUS, right: EARTH_RADIUS, top: -EARTH_RADIUS, bottom: EARTH_RADIUS },
    project,
    invert: () => center,
    projectAll(places, { x, y }) {
      const vectors = vectorsOf(places);
      for (let i = 0, at = 0; i < x.length; i++, at += 3) {
        const [vx, vy, vz] = [vectors[at] ?? 0, vectors[at + 1] ?? 0, vectors[at + 2] ?? 0];
        const forward = vx * cosLng + vy * sinLng;
        const seen = sinLat * vz + cosLat * forward > 0;
        x[i] = seen ? (vy * cosLng - vx * sinLng) * EARTH_RADIUS : Number.NaN;
        y[i] = seen ? (sinLat * forward - cosLat * vz) * EARTH_RADIUS : Number.NaN;
      }
    },
    maxLat: 90,
    // The outlines have so many points that none are needed between them.
    geo: geoOrthographic()
      .rotate([-center[0], -center[1]])
      .scale(EARTH_RADIUS)
      .translate([0, 0])
      .clipAngle(90)
      .precision(0),
  };
}

/** A number, or the nearest that is no further from 0; what is none becomes 0. */
function within(value: number, most: number): number {
  return Math.max(-most, Math.min(most, value || 0));
}

const knownVectors = new WeakMap<Places, Float32Array>();

/** Places as points of a ball of radius 1, so that a globe turns without sines and cosines. */
function vectorsOf(places: Places): Float32Array {
  let vectors = knownVectors.get(places);
  if (vectors === undefined) {
    vectors = new Float32Array(3 * places.lat.length);
    for (let i = 0; i < places.lat.length; i++) {
      const [north, east] = [(places.lat[i] ?? Number.NaN) * RADIANS, (places.lng[i] ?? Number.NaN) * RADIANS];
      vectors[3 * i] = Math.cos(north) * Math.cos(east);
      vectors[3 * i + 1] = Math.cos(north) * Math.sin(east);
      vectors[3 * i + 2] = Math.sin(north);
    }
    knownVectors.set(places, vectors);
  }
  return vectors;
}

/** Projects the clients' places, and keeps the result for as long as neither they nor the projection change. */
export function createProjector(): (places: Places, projection: Projection) => Positions {
  let last: { places: Places; projection: Projection; positions: Positions } | undefined;
  return (places, projection) => {
    if (last?.places !== places || last.projection !== projection) {
      const count = places.lat.length;
      const positions = { x: new Float32Array(count), y: new Float32Array(count) };
      projection.projectAll(places, positions);
      last = { places, projection, positions };
    }
    return last.positions;
  };
}
