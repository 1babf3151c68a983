import { newSeed, randomFrom } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { STATUS_CODES } from "../src/data/statuses.ts";
import { groupByCell } from "../src/map/clusters.ts";
import { FIRST_STEP } from "../src/map/color-scale.ts";
import { splat } from "../src/map/layers/splat.ts";
import { placeSpots } from "../src/map/placed.ts";
import { createProjector, equalEarth } from "../src/map/projections.ts";
import { routesOf } from "../src/map/routes.ts";
import type { Scene } from "../src/map/scene.ts";
import type { View } from "../src/map/view.ts";
import { type Site, sceneOf } from "./map-tables.ts";

const SIZE = { width: 1000, height: 500 };

function viewOf(scene: Scene, k = 0.17): View {
  const positions = scene.grid?.positions ?? createProjector()(scene.places, equalEarth);
  return {
    projection: scene.grid === undefined ? equalEarth : undefined,
    camera: { k, x: SIZE.width / 2, y: SIZE.height / 2 },
    size: SIZE,
    ratio: 1,
    maxK: 60,
    positions,
    still: positions,
  };
}

function sitesAround(count: number, lat: number, lng: number, spread: number): Site[] {
  const random = randomFrom(7);
  const unit = (): number => random.below(1e9) / 1e9;
  return Array.from({ length: count }, () => ({
    lat: lat + (unit() - 0.5) * spread,
    lng: lng + (unit() - 0.5) * spread,
    status: "active",
  }));
}

test("a few clients of one place have marks of their own that don't cover each other", () => {
  const scene = sceneOf(sitesAround(8, 48, 2, 0));
  const { spots, dense } = placeSpots(scene, viewOf(scene), undefined);
  expect(dense).toBe(false);
  expect(spots.clusters.every((cluster) => cluster === undefined)).toBe(true);
  for (let i = 0; i < 8; i++) {
    for (let j = 0; j < i; j++) {
      const apart = Math.hypot((spots.x[i] ?? 0) - (spots.x[j] ?? 0), (spots.y[i] ?? 0) - (spots.y[j] ?? 0));
      expect(apart).toBeGreaterThan(0.85 * ((spots.radius[i] ?? 0) + (spots.radius[j] ?? 0)));
    }
  }
});

test("many clients near each other are a cluster with its count and worst status, which opens on zoom", () => {
  const sites = sitesAround(40, 48, 2, 0.5);
  const scene = sceneOf(sites.map((site, i) => (i === 17 ? { ...site, status: "dropped" } : site)));
  const far = placeSpots(scene, viewOf(scene), undefined).spots;
  const [cluster] = far.clusters.filter((one) => one !== undefined);
  expect(cluster?.members.length).toBe(40);
  expect(cluster?.worst).toBe(STATUS_CODES.dropped);
  expect(cluster?.counts[STATUS_CODES.active]).toBe(39);
  // It stands where one of its clients is.
  expect(far.homeX[0]).toBeCloseTo((viewOf(scene).positions.x[far.clients[0] ?? 0] ?? 0) * 0.17);

  const close = viewOf(scene, 50);
  const camera = { k: 50, x: 500 - (close.positions.x[0] ?? 0) * 50, y: 250 - (close.positions.y[0] ?? 0) * 50 };
  const near = placeSpots(scene, { ...close, camera, maxK: 60 }, undefined).spots;
  expect(near.clusters.some((one) => one !== undefined)).toBe(false);
});

test("clients around one place are one cluster, wherever the grid cuts, and it stands among them", () => {
  for (let shift = 0; shift < 20; shift++) {
    const scene = sceneOf(sitesAround(60, 30, shift * 0.7, 6));
    const { spots } = placeSpots(scene, viewOf(scene), undefined);
    const sizes = spots.clusters.map((cluster) => cluster?.members.length ?? 1);
    expect(sizes, `at ${shift}`).toEqual([60]);
    expect(Math.hypot((spots.x[0] ?? 0) - (spots.homeX[0] ?? 0), (spots.y[0] ?? 0) - (spots.homeY[0] ?? 0))).toBe(0);
  }
});

test("no cluster is pushed away from where its clients are", () => {
  const around = [0, 4, 8, 12].flatMap((lng) => sitesAround(30, 40, lng, 2));
  const scene = sceneOf(around, { server: { lat: 40, lng: 6 } });
  const { spots } = placeSpots(scene, viewOf(scene, 0.4), undefined);
  spots.clusters.forEach((cluster, i) => {
    const shift = Math.hypot((spots.x[i] ?? 0) - (spots.homeX[i] ?? 0), (spots.y[i] ?? 0) - (spots.homeY[i] ?? 0));
    expect(shift).toBeLessThanOrEqual(cluster === undefined ? 22.01 : 16.01);
  });
});

test("over dots a few clients in trouble have marks of their own, but never so many that they cover the others", () => {
  const sitesWith = (failed: number): Site[] =>
    sitesAround(6000, 48, 2, 8).map((site, i) => (i < failed ? { ...site, status: "failed" } : site));
  const few = sceneOf(sitesWith(40));
  const { dense, spots } = placeSpots(few, viewOf(few), undefined);
  expect(dense).toBe(true);
  expect([...spots.clients].sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i));
  const many = sceneOf(sitesWith(400));
  expect(placeSpots(many, viewOf(many), undefined).spots.clients).toHaveLength(0);
});

test("a cluster has the colour of its members' mean", () => {
  const sites = sitesAround(40, 0, 0, 0).map((site, i) => ({ ...site, fields: { x: i % 2 } }));
  const scene = sceneOf(sites, { colorBy: "x" });
  const { clusters } = placeSpots(scene, viewOf(scene), undefined).spots;
  expect(clusters[0]?.code).toBe(FIRST_STEP + 32);
});

test("a cluster tells of those that the filter lets through", () => {
  const sites = sitesAround(40, 48, 2, 0.5).map((site, i): Site => (i < 3 ? { ...site, status: "dropped" } : site));
  const clusterFor = (matches: Uint8Array) => {
    const scene = sceneOf(sites, { matches });
    return placeSpots(scene, viewOf(scene), undefined).spots.clusters[0];
  };
  expect(clusterFor(Uint8Array.from(sites, (_, i) => (i < 2 ? 1 : 0)))).toMatchObject({ count: 2, dimmed: false });
  expect(clusterFor(new Uint8Array(40))).toMatchObject({ count: 40, dimmed: true });
});

test("moving the map changes no group, and what is placed is kept as long as it holds", () => {
  const seed = newSeed();
  const random = randomFrom(seed);
  const unit = (): number => random.below(1e9) / 1e9;
  const sites: Site[] = Array.from({ length: 2000 }, () => ({ lat: unit() * 170 - 85, lng: unit() * 360 - 180 }));
  const scene = sceneOf(sites);
  const view = viewOf(scene, 0.4);
  const placed = placeSpots(scene, view, undefined);
  const moved = { ...view, camera: { ...view.camera, x: view.camera.x + 50 } };
  expect(placeSpots(scene, moved, placed), `seed ${seed}`).toBe(placed);
  const far = { ...view, camera: { ...view.camera, x: view.camera.x + 400 } };
  const again = placeSpots(scene, far, placed);
  expect(again).not.toBe(placed);
  const sizesAt = (spots: typeof placed.spots): Map<number, number> =>
    new Map(Array.from(spots.clients, (client, i) => [client, spots.clusters[i]?.members.length ?? 1]));
  const [before, after] = [sizesAt(placed.spots), sizesAt(again.spots)];
  for (const [client, size] of after) {
    const x = (view.positions.x[client] ?? 0) * 0.4;
    // In the middle of what both show.
    if (x > -500 && x < -100) expect(before.get(client), `client ${client}, seed ${seed}`).toBe(size);
  }
});

test("groups are the same whatever the order, and each client is in one", () => {
  const positions = { x: Float32Array.from({ length: 99 }, (_, i) => i * 13), y: new Float32Array(99) };
  const clients = Array.from({ length: 99 }, (_, i) => i);
  const sorted = (groups: number[][]) => groups.map((group) => group.toSorted((a, b) => a - b).join()).sort();
  const groups = groupByCell(clients, positions, 0.3);
  expect(sorted(groupByCell(clients.toReversed(), positions, 0.3))).toEqual(sorted(groups));
  expect(groups.flat().sort((a, b) => a - b)).toEqual(clients);
});

test("with very many clients in sight each is a dot", () => {
  const scene = sceneOf(sitesAround(6000, 0, 0, 20));
  const placed = placeSpots(scene, viewOf(scene), undefined);
  expect(placed.dense).toBe(true);
  expect(placed.spots.clients).toHaveLength(0);
  expect(placed.dot).toBeGreaterThanOrEqual(1);
});

test("marks of a grid stay in their cells", () => {
  const scene = sceneOf(Array.from({ length: 30 }, () => ({ status: "active" })));
  const { spots } = placeSpots(scene, viewOf(scene, 0.5), undefined);
  expect(spots.clients).toHaveLength(30);
  expect(spots.x).toEqual(spots.homeX);
  expect(Math.max(...spots.radius)).toBeLessThan(25);
});

test("flows begin at the marks and end at the server, or at its dock, and cross no map", () => {
  const sites: Site[] = [
    { lat: 48, lng: 2, status: "active" },
    { lat: 10, lng: -170, status: "active" },
  ];
  for (const server of [{ lat: 10, lng: 170 }, undefined]) {
    const scene = sceneOf(sites, { server });
    const view = viewOf(scene);
    const placed = placeSpots(scene, view, undefined);
    const dock = { x: 5, y: 200 };
    const routes = routesOf(scene, placed, view, dock);
    expect(routes).toHaveLength(2);
    for (const { flow, points } of routes) {
      const spot = placed.spotOf(flow.client);
      expect(points[0]).toBeCloseTo(placed.spots.x[spot] ?? 0, 2);
      expect(points.at(-2)).toBeCloseTo(placed.server?.x ?? dock.x, 2);
      if (server === undefined) continue;
      for (let i = 2; i < points.length; i += 2) {
        const step = Math.abs((points[i] ?? 0) - (points[i - 2] ?? 0));
        if (!Number.isNaN(step)) expect(step).toBeLessThan(130);
      }
    }
    if (server !== undefined) expect(routes.some(({ points }) => points.some(Number.isNaN))).toBe(true);
  }
});

test("dots are written where they belong, later ones over earlier, and none beside the picture", () => {
  const raster = { pixels: new Uint32Array(16), width: 4, height: 4 };
  const dots = {
    order: Uint32Array.of(0, 1, 2, 3, 4),
    x: Float32Array.of(1, 1, -5, 99, Number.NaN),
    y: Float32Array.of(2, 2, 0, 0, 0),
    codes: Uint8Array.of(0, 1, 1, 1, 1),
    colors: Uint32Array.of(7, 9),
  };
  splat(raster, dots, { k: 1, x: 0.5, y: 0.5 }, 1);
  expect([...raster.pixels.keys()].filter((i) => raster.pixels[i] !== 0)).toEqual([9]);
  expect(raster.pixels[9]).toBe(9);
  raster.pixels.fill(0);
  splat(raster, dots, { k: 1, x: 0.5, y: 0.5 }, 2);
  expect([...raster.pixels.keys()].filter((i) => raster.pixels[i] === 9)).toEqual([9, 10, 13, 14]);
});
