import { geoEqualEarth, geoMercator, geoOrthographic } from "d3-geo";
import { expect, test } from "vitest";
import { fitCamera, keepInside, zoomAt } from "../src/map/camera.ts";
import { cameraAt, centerOf, closeUp, lookOf, turn } from "../src/map/navigation.ts";
import { insetsOf } from "../src/map/overlays.ts";
import { pixelOf } from "../src/map/palette.ts";
import { placeLabels } from "../src/map/place-labels.ts";
import { createProjector, EARTH_RADIUS, equalEarth, projectionOf } from "../src/map/projections.ts";
import { pointAlong } from "../src/map/routes.ts";
import { pushApart, sunflower } from "../src/map/spread.ts";
import { greatCircle } from "../src/map/traffic.ts";
import { placesAt } from "./map-tables.ts";

const WORLD = equalEarth.bounds;

test("a great circle begins and ends where it should, and bends towards the pole", () => {
  const way = greatCircle([-88, 42], [9, 47]);
  expect([way[0], way[1]]).toEqual([expect.closeTo(-88), expect.closeTo(42)]);
  expect([way.at(-2), way.at(-1)]).toEqual([expect.closeTo(9), expect.closeTo(47)]);
  expect(Math.max(...way.filter((_, i) => i % 2 === 1))).toBeGreaterThan(55);
  expect(greatCircle([5, 5], [5, 5]).some(Number.isNaN)).toBe(false);
});

test("a point along a way is between its points", () => {
  const points = Float32Array.of(0, 0, 10, 0, 10, 20);
  expect(pointAlong(points, 0)).toEqual({ x: 0, y: 0 });
  expect(pointAlong(points, 0.75)).toEqual({ x: 10, y: 10 });
  expect(pointAlong(points, 1)).toEqual({ x: 10, y: 20 });
});

test("every projection lays places where its name says", () => {
  for (const [name, geo] of [
    ["equal-earth", geoEqualEarth()],
    ["mercator", geoMercator()],
    ["globe", geoOrthographic().rotate([-10, -20])],
  ] as const) {
    const projection = projectionOf(name, [10, 20]);
    geo.scale(EARTH_RADIUS).translate([0, 0]);
    for (const [lng, lat] of [
      [0, 0],
      [60, 45],
      [-40, -30],
    ] as const) {
      const { x, y } = projection.project(lng, lat);
      const [left = 0, top = 0] = geo([lng, lat]) ?? [];
      expect(Math.hypot(left - x, top - y), `${name} ${lng} ${lat}`).toBeLessThan(1e-6);
    }
  }
});

test("many places are projected as each alone, and again only when something has changed", () => {
  const places = placesAt([
    [0, 0],
    [Number.NaN, Number.NaN],
    [-60, 170],
    [90, 5],
  ]);
  for (const name of ["equal-earth", "mercator", "globe"] as const) {
    const projection = projectionOf(name, [-150, -40]);
    const project = createProjector();
    const { x, y } = project(places, projection);
    expect(project(places, projection).x).toBe(x);
    for (let i = 0; i < 4; i++) {
      const point = projection.project(places.lng[i] ?? 0, places.lat[i] ?? 0);
      const close = (value: number) => (Number.isNaN(value) ? Number.NaN : expect.closeTo(value, 2));
      expect([x[i], y[i]], `${name} ${i}`).toEqual([close(point.x), close(point.y)]);
    }
  }
});

test("a globe hides what is behind it, and Mercator has no poles", () => {
  expect(projectionOf("globe", [0, 0]).project(180, 0).x).toBeNaN();
  expect(projectionOf("globe", [180, 0]).project(180, 0).x).toBeCloseTo(0);
  expect(projectionOf("mercator", [0, 0]).project(0, 90).y).toBeNaN();
});

test("a globe follows the finger, round and round but not over its poles", () => {
  expect(turn([0, 0], Math.PI * 100, 0, 0.1)[0]).toBeCloseTo(-180);
  expect(turn([-170, 0], 100, 0, 0.1)[0]).toBeGreaterThan(0);
  expect(turn([0, 80], 0, 1000, 0.1)[1]).toBe(90);
});

test("a globe shows the side where the clients are", () => {
  const places = placesAt([
    [10, 170],
    [20, -170],
    [Number.NaN, Number.NaN],
  ]);
  expect(Math.abs(centerOf(places, undefined)[0])).toBeGreaterThan(175);
  expect(centerOf(places, undefined)[1]).toBeGreaterThan(10);
  expect(centerOf(placesAt([[89, 5]]), undefined)[1]).toBe(35);
  expect(centerOf(placesAt([]), undefined)).toEqual([0, 0]);
});

test("what lies upon a map that is as high as wide covers nothing of what is shown", () => {
  const size = { width: 340, height: 250 };
  const pill = { left: 10, top: 10, width: 150, height: 26 };
  const legend = { left: 10, top: 210, width: 200, height: 32 };
  const buttons = { left: 300, top: 150, width: 30, height: 92 };
  const insets = insetsOf([pill, legend, buttons], size);
  expect(insets).toEqual({ left: 0, top: 40, right: 44, bottom: 44 });
  const { k, x, y } = fitCamera(WORLD, size, 0, insets);
  expect(WORLD.left * k + x).toBeGreaterThanOrEqual(-0.01);
  expect(WORLD.right * k + x).toBeLessThanOrEqual(296.01);
  expect(WORLD.top * k + y).toBeGreaterThanOrEqual(39.99);
  expect(WORLD.bottom * k + y).toBeLessThanOrEqual(206.01);
  expect(insetsOf([pill], { width: 1000, height: 300 })).toEqual({ left: 0, top: 0, right: 0, bottom: 0 });
});

test("a map that is told where to look looks there, in each projection", () => {
  const size = { width: 800, height: 400 };
  for (const name of ["equal-earth", "mercator", "globe"] as const) {
    const projection = projectionOf(name, [8.5, 47.4]);
    const limits = { bounds: projection.bounds, minK: 0.2, maxK: 60 };
    const look = { lng: 8.5, lat: 47.4, zoom: 3 };
    const camera = cameraAt(look, projection, size, limits);
    const found = lookOf(projection, camera, size, limits);
    expect(found.lng, name).toBeCloseTo(8.5);
    expect(found.lat, name).toBeCloseTo(47.4);
    expect(found.zoom, name).toBeCloseTo(3);
  }
  expect(equalEarth.invert(1e9, -1e9).every(Number.isFinite)).toBe(true);
});

test("zooming leaves the point under the pointer where it is, within limits", () => {
  const camera = { k: 1, x: 10, y: 20 };
  const limits = { bounds: WORLD, minK: 0.5, maxK: 4 };
  const at = { x: 100, y: 50 };
  const zoomed = zoomAt(camera, at, 2, limits);
  expect((at.x - zoomed.x) / zoomed.k).toBeCloseTo((at.x - camera.x) / camera.k);
  expect(zoomAt(camera, at, 100, limits).k).toBe(4);
});

test("coming closer to clients shows them all, at least twice as large", () => {
  const positions = { x: Float32Array.of(100, 110, 900), y: Float32Array.of(0, 5, 0) };
  const limits = { bounds: WORLD, minK: 0.1, maxK: 50 };
  const camera = closeUp([0, 1], positions, { k: 0.2, x: 0, y: 0 }, { width: 800, height: 400 }, limits);
  expect(camera.k).toBeGreaterThan(0.4);
  for (const i of [0, 1]) {
    expect((positions.x[i] ?? 0) * camera.k + camera.x).toBeGreaterThan(0);
    expect((positions.x[i] ?? 0) * camera.k + camera.x).toBeLessThan(800);
  }
  // Those of one place come no closer than one can look.
  expect(closeUp([2, 2], positions, camera, { width: 800, height: 400 }, limits).k).toBe(50);
});

test("the camera can't leave the map", () => {
  const size = { width: 400, height: 200 };
  const fitted = fitCamera(WORLD, size, 0);
  expect(keepInside({ ...fitted, x: 9999, y: -9999 }, size, WORLD)).toEqual(keepInside(fitted, size, WORLD));
});

test("the seeds of a sunflower are apart", () => {
  const seeds = Array.from({ length: 50 }, (_, seed) => sunflower(seed));
  const apart = seeds.flatMap((a, i) => seeds.slice(i + 1).map((b) => Math.hypot(a.x - b.x, a.y - b.y)));
  expect(Math.min(...apart)).toBeGreaterThan(0.9);
});

test("circles that overlap are pushed apart, but not too far", () => {
  const circles = {
    x: Float32Array.of(0, 0, 3, Number.NaN, 500),
    y: Float32Array.of(0, 0, 0, Number.NaN, 500),
    radius: Float32Array.of(5, 5, 5, 5, 5),
  };
  pushApart(circles, { x: 0, y: 0, radius: 8 }, () => 20);
  const apart = (i: number, j: number) =>
    Math.hypot((circles.x[i] ?? 0) - (circles.x[j] ?? 0), (circles.y[i] ?? 0) - (circles.y[j] ?? 0));
  for (const [i, j] of [
    [0, 1],
    [0, 2],
    [1, 2],
  ] as const) {
    expect(apart(i, j)).toBeGreaterThan(9);
  }
  expect(circles.x[3]).toBeNaN();
  expect([circles.x[4], circles.y[4]]).toEqual([500, 500]);
});

test("labels never overlap, and one without room is left out", () => {
  const request = { text: "x", y: 50, radius: 5, width: 40 };
  const placed = placeLabels(
    Array.from({ length: 12 }, () => ({ ...request, x: 100 })),
    [{ left: 95, top: 45, width: 10, height: 10 }],
    { beside: true, width: 200 },
  );
  expect(placed).toHaveLength(4);
  expect(placeLabels([{ ...request, x: 190 }], [], { beside: true, width: 200 })[0]?.left).toBeLessThan(190);
});

test("a colour as a pixel", () => {
  expect(pixelOf("#0a8f72")).toBe(0xff728f0a);
});
