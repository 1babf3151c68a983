import { expect, test } from "vitest";
import { flatRings } from "../src/map/flat-rings.ts";
import type { LngLat } from "../src/map/places.ts";

test("a ring that crosses no edge stays as it is", () => {
  const ring: LngLat[] = [
    [170, 0],
    [175, 5],
    [170, 10],
  ];
  expect(flatRings(ring)).toEqual([ring]);
  expect(flatRings([])).toEqual([]);
});

test("a ring across 180° is cut into a piece at each edge", () => {
  const [east, west, ...more] = flatRings([
    [170, 0],
    [-170, 0],
    [-170, 10],
    [170, 10],
  ]);
  expect(more).toEqual([]);
  expect(east).toEqual([
    [170, 0],
    [180, 0],
    [180, 10],
    [170, 10],
  ]);
  expect(west).toEqual([
    [-180, 0],
    [-170, 0],
    [-170, 10],
    [-180, 10],
  ]);
});

test("a ring around a pole reaches to it, all along the plane", () => {
  for (const [direction, lat] of [
    [1, -70],
    [-1, -70],
    [1, 80],
  ] as const) {
    const ring = Array.from({ length: 36 }, (_, i): LngLat => [((i * direction * 10 + 905) % 360) - 180, lat]);
    const pieces = flatRings(ring);
    const areas = pieces.map(areaOf);
    expect(Math.abs(areas.reduce((sum, area) => sum + area, 0))).toBeCloseTo(350 * (90 - Math.abs(lat)), 0);
    for (const [lng] of pieces.flat()) expect(Math.abs(lng)).toBeLessThanOrEqual(180);
  }
});

function areaOf(ring: readonly LngLat[]): number {
  return ring.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = ring[(i + 1) % ring.length] ?? [0, 0];
    return sum + (x * nextY - nextX * y) / 2;
  }, 0);
}
