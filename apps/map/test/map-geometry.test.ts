import { expect, test } from "vitest";
import { fitCamera, keepInside, zoomAt } from "../src/map/camera.ts";
import { greatCircle, pointAlong } from "../src/map/great-circle.ts";
import { pixelOf } from "../src/map/palette.ts";
import { placeLabels } from "../src/map/place-labels.ts";
import { toPlane, WORLD } from "../src/map/plane.ts";
import { layOutSites } from "../src/map/site-layout.ts";
import { pushApart, spreadCrowds } from "../src/map/spread.ts";
import { event, modelOf, update } from "./events.ts";

test("a great circle begins and ends where it should, and bends towards the pole", () => {
  const points = greatCircle([-88, 42], [9, 47]);
  const [from, to, middle] = [toPlane(-88, 42), toPlane(9, 47), pointAlong(points, 0.5)];
  expect(points[0]).toBeCloseTo(from.x);
  expect(points.at(-1)).toBeCloseTo(to.y);
  expect(middle.y).toBeLessThan(Math.min(from.y, to.y));
});

test("a way over the date line is parted, and no piece crosses the map", () => {
  const points = greatCircle([170, 10], [-170, 10]);
  expect(points.some(Number.isNaN)).toBe(true);
  for (let i = 2; i < points.length; i += 2) {
    const step = Math.abs((points[i] ?? 0) - (points[i - 2] ?? 0));
    if (!Number.isNaN(step)) expect(step).toBeLessThan((WORLD.right - WORLD.left) / 8);
  }
});

test("a way to the same place has points", () => {
  expect(greatCircle([5, 5], [5, 5]).some(Number.isNaN)).toBe(false);
});

test("zooming leaves the point under the pointer where it is, within limits", () => {
  const camera = { k: 1, x: 10, y: 20 };
  const limits = { bounds: WORLD, minK: 0.5, maxK: 4 };
  const at = { x: 100, y: 50 };
  const zoomed = zoomAt(camera, at, 2, limits);
  expect((at.x - zoomed.x) / zoomed.k).toBeCloseTo((at.x - camera.x) / camera.k);
  expect(zoomAt(camera, at, 100, limits).k).toBe(4);
});

test("the camera can't leave the map", () => {
  const size = { width: 400, height: 200 };
  const fitted = fitCamera(WORLD, size, 0);
  expect(keepInside({ ...fitted, x: 9999, y: -9999 }, size, WORLD)).toEqual(keepInside(fitted, size, WORLD));
});

test("points that share a place are spread around it, alone they stay", () => {
  const { dx, dy, crowd } = spreadCrowds(5, (index) => (index < 3 ? "here" : index === 3 ? "there" : undefined));
  expect([...crowd]).toEqual([3, 3, 3, 1, 0]);
  expect(new Set([0, 1, 2].map((i) => `${dx[i]},${dy[i]}`)).size).toBe(3);
  expect([dx[3], dy[3], dx[4], dy[4]]).toEqual([0, 0, 0, 0]);
});

test("circles that overlap are pushed apart, but not too far", () => {
  const circles = {
    x: Float32Array.of(0, 0, 3, Number.NaN),
    y: Float32Array.of(0, 0, 0, Number.NaN),
    radius: Float32Array.of(5, 5, 5, 5),
  };
  pushApart(circles, { x: 0, y: 0, radius: 8 }, 20);
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

test("nobody is drawn at a place that nobody reported", () => {
  const layout = layOutSites(modelOf(update(1, "here", { lat: 0, lng: 0 }), update(1, "nowhere", { lat: 5 })));
  expect(layout.kind).toBe("world");
  expect(layout.unlocated).toEqual([1]);
  expect([layout.x[0], layout.x[1]]).toEqual([0, Number.NaN]);
  expect(layout.server).toBeUndefined();
});

test("a run without any place is a grid", () => {
  const server = event("server_metadata", { server: { lat: 1, lng: 2 } });
  const layout = layOutSites(modelOf(server, ...["a", "b", "c"].map((id) => update(1, id))));
  expect(layout.kind).toBe("grid");
  expect(layout.x.some(Number.isNaN)).toBe(false);
});

test("a colour as a pixel", () => {
  expect(pixelOf("#0a8f72")).toBe(0xff728f0a);
});
