import { expect, test } from "vitest";
import { routesOfClients } from "../src/map/layers/highlight-layer.ts";
import type { Route } from "../src/map/routes.ts";
import { type Site, sceneOf } from "./map-tables.ts";

function routesIn(sites: readonly Site[]): Route[] {
  const { flows } = sceneOf(sites, { server: { lat: 0, lng: 0 } });
  return flows.map((flow) => ({ flow, points: new Float32Array(0), weight: 1 }));
}

function sitesAt(count: number): Site[] {
  return Array.from({ length: count }, (_, i) => ({
    lat: 40 + (i % 7) / 10,
    lng: 10 + (i % 11) / 10,
    status: "active",
    fields: { bytes_sent: 1 },
  }));
}

test("a client's own traffic is shown as its own, and that of its region never", () => {
  const few = routesIn(sitesAt(3));
  expect(routesOfClients({ routes: few }, [1]).map(({ flow }) => flow.client)).toEqual([1]);
  expect(routesOfClients({ routes: few }, [0, 2])).toHaveLength(2);
  const many = routesIn(sitesAt(500));
  expect(many.every(({ flow }) => flow.isRegion)).toBe(true);
  for (const { flow } of many) expect(routesOfClients({ routes: many }, [flow.client])).toEqual([]);
});
