import { newSeed, randomFrom } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import type { Tally } from "../src/data/run-data.ts";
import { STATUS_CODES } from "../src/data/statuses.ts";
import { DIMMED, FIRST_STEP, NO_VALUE, NON_FINITE } from "../src/map/color-scale.ts";
import { surfaceAttributes } from "../src/map/describe-scene.ts";
import { hasTerm, toggleTerm } from "../src/map/filter-term.ts";
import { groupChoices, groupingOf } from "../src/map/host-grid.ts";
import { placesOf } from "../src/map/places.ts";
import { colorFields, createSceneBuilder } from "../src/map/scene.ts";
import { shortCount } from "../src/map/short-count.ts";
import { SCALE_STEPS, viridisScale } from "../src/map/viridis.ts";
import { clientsOf, type Site, sceneOf, tableOf } from "./map-tables.ts";

test("nobody is drawn at a place that nobody reported", () => {
  const scene = sceneOf(
    [{ lat: 0, lng: 0 }, { lat: 5 }, { lat: 91, lng: 0 }, { lat: 5, lng: -181 }, { lat: Number.NaN, lng: 1 }, {}],
    { server: { lat: "1", lng: 2 } },
  );
  expect(scene.grid).toBeUndefined();
  expect([...scene.places.lat]).toEqual([0, Number.NaN, Number.NaN, Number.NaN, Number.NaN, Number.NaN]);
  expect(scene.places.located).toBe(1);
  expect([...scene.order]).toEqual([0]);
  expect(scene.server).toBeUndefined();
});

test("places are the same until one of them changes", () => {
  const before = placesOf(clientsOf([{ lat: 1, lng: 2 }, {}]), undefined);
  expect(placesOf(clientsOf([{ lat: 1, lng: 2 }, {}]), before)).toBe(before);
  expect(
    placesOf(
      clientsOf([
        { lat: 1, lng: 2 },
        { lat: 0, lng: 0 },
      ]),
      before,
    ),
  ).not.toBe(before);
  expect(placesOf(clientsOf([{ lat: 1, lng: 2 }, {}, {}]), before)).not.toBe(before);
});

test("every client has its status and colour, and what matters is drawn last", () => {
  const at = { lat: 1, lng: 1 };
  const scene = sceneOf([
    { ...at, status: "failed" },
    { ...at, status: "active" },
    at,
    { ...at, status: "dropped" },
    { ...at, status: "active" },
  ]);
  expect([...scene.status]).toEqual(
    (["failed", "active", "idle", "dropped", "active"] as const).map((status) => STATUS_CODES[status]),
  );
  expect([...scene.codes]).toEqual([...scene.status]);
  expect([...scene.order]).toEqual([2, 1, 4, 3, 0]);
  expect(scene.counts[STATUS_CODES.active]).toBe(2);
});

test("those that the filter holds back are dimmed, and lie below", () => {
  const at = { lat: 1, lng: 1 };
  const scene = sceneOf(
    [
      { ...at, status: "failed" },
      { ...at, status: "active" },
    ],
    { matches: Uint8Array.of(0, 1) },
  );
  expect([...scene.codes]).toEqual([STATUS_CODES.failed + DIMMED, STATUS_CODES.active]);
  expect([...scene.order]).toEqual([0, 1]);
});

test("a scale is not taken over by a few extreme values, and says how many they are", () => {
  const sites: Site[] = Array.from({ length: 200 }, (_, i) => ({ status: "active", fields: { local_loss: i } }));
  const scene = sceneOf(
    [
      ...sites,
      { status: "active", fields: { local_loss: 1e30 } },
      { status: "active", fields: { local_loss: Number.NaN } },
      { status: "active" },
      {},
    ],
    { colorBy: "local_loss" },
  );
  const { scale, codes } = scene;
  expect(scale).toMatchObject({ field: "local_loss", below: 4, missing: 2, nonFinite: 1 });
  expect(scale?.above).toBe(4);
  expect(scale?.high).toBeLessThan(200);
  expect([codes[0], codes[200]]).toEqual([FIRST_STEP, FIRST_STEP + SCALE_STEPS - 1]);
  expect([codes[201], codes[202], codes[203]]).toEqual([NON_FINITE, NO_VALUE, NO_VALUE]);
});

test("values that are all the same have a scale, and so have none at all", () => {
  const same = sceneOf(
    [1, 2].map(() => ({ status: "active", fields: { x: 5 } }) as const),
    { colorBy: "x" },
  );
  expect(same.scale).toMatchObject({ low: 5, high: 5 });
  expect(same.codes[0]).toBe(same.codes[1]);
  const none = sceneOf([{ status: "active" }], { colorBy: "x" });
  expect(none.scale).toMatchObject({ low: Number.NaN, missing: 1 });
  expect(none.codes[0]).toBe(NO_VALUE);
});

test("clients can be coloured by bytes, staleness and the share of rounds that they took part in", () => {
  const sites: Site[] = [
    { status: "active", fields: { bytes_sent: 3, bytes_received: 4, base_round: 1 } },
    { status: "active", fields: { bytes_sent: 1, base_round: 3 } },
    {},
  ];
  const none = new Uint32Array(3);
  const tally: Tally = {
    rounds: 4,
    completed: Uint32Array.of(4, 1),
    involved: none,
    dropouts: none,
    failures: none,
    stragglers: none,
    lastResult: new Float64Array(3),
  };
  expect(sceneOf(sites, { colorBy: "bytes" }).scale).toMatchObject({ low: 1.12, high: 6.88, missing: 1 });
  expect(sceneOf(sites, { colorBy: "staleness" }).scale).toMatchObject({ low: 0.04, high: 1.96, missing: 1 });
  expect(sceneOf(sites, { colorBy: "round_share", tally }).scale).toMatchObject({ missing: 0, below: 1, above: 1 });
  expect(colorFields(["local_loss", "base_round", "bytes_sent", "mine"])).toEqual({
    main: ["local_loss", "staleness", "bytes", "round_share"],
    others: ["base_round", "bytes_sent", "mine"],
  });
});

test("colours get lighter all the way, whatever the theme", () => {
  for (const dark of [true, false]) {
    const light = viridisScale(dark).map((color) => {
      const value = Number.parseInt(color.slice(1), 16);
      return 0.2126 * (value >> 16) + 0.7152 * ((value >> 8) & 255) + 0.0722 * (value & 255);
    });
    expect(light).toHaveLength(SCALE_STEPS);
    expect(light).toEqual(light.toSorted((a, b) => a - b));
  }
});

test("the largest flows come first, from those with a result and a place", () => {
  const at = { lat: 10, lng: 20 };
  const scene = sceneOf(
    [
      { ...at, status: "active", fields: { bytes_sent: 1, bytes_received: 1 } },
      { lat: 5, lng: 5, status: "straggler", fields: { bytes_sent: Number.NaN, bytes_received: 9 } },
      { ...at, status: "dropped", fields: { bytes_sent: 99 } },
      { status: "active", fields: { bytes_sent: 99 } },
    ],
    { server: { lat: 0, lng: 0 } },
  );
  expect(scene.flows.map(({ client, bytesUp, bytesDown }) => [client, bytesUp, bytesDown])).toEqual([
    [1, 0, 9],
    [0, 1, 1],
  ]);
  expect(scene.flows[0]?.way?.[0]).toBeCloseTo(5);
  expect(sceneOf([{ ...at, status: "active" }]).flows[0]?.way).toBeUndefined();
});

test("flows of very many sites are joined by region, and lose no byte", () => {
  const seed = newSeed();
  const random = randomFrom(seed);
  const unit = (): number => random.below(1e9) / 1e9;
  const sites: Site[] = Array.from({ length: 3000 }, () => ({
    lat: unit() * 180 - 90,
    lng: unit() * 360 - 180,
    status: "active",
    fields: { bytes_sent: Math.round(unit() * 1000) + 1 },
  }));
  const regions: Site[] = sites.map((site) => ({
    ...site,
    lat: Math.min(1, Math.abs(site.lat ?? 0)),
    lng: site.lng ?? 0,
  }));
  const { flows } = sceneOf(regions, { server: { lat: 0, lng: 0 } });
  expect(flows.length, `seed ${seed}`).toBeLessThanOrEqual(200);
  expect(flows.reduce((sum, flow) => sum + flow.sites, 0)).toBe(3000);
  expect(flows.reduce((sum, flow) => sum + flow.bytesUp, 0)).toBe(
    regions.reduce((sum, { fields }) => sum + (fields?.bytes_sent ?? 0), 0),
  );
  // A region's flow begins at a site of it.
  for (const { client, way } of flows) expect(way?.[0]).toBeCloseTo(regions[client]?.lng ?? 0);
});

test("a run without any place is a grid, in which everybody has a cell of their own", () => {
  for (const count of [1, 7, 300, 6000]) {
    const scene = sceneOf(
      Array.from({ length: count }, (_, i) => ({ status: i % 9 === 0 ? "failed" : "active" })),
      { server: { lat: 1, lng: 2 } },
    );
    const { x, y } = scene.grid?.positions ?? { x: [], y: [] };
    expect(new Set(Array.from(x, (left, i) => `${left},${y[i]}`)).size).toBe(count);
    const { right = 0, bottom = 0 } = scene.grid?.bounds ?? {};
    expect(x.every((left) => left > 0 && left < right)).toBe(true);
    expect(y.every((top) => top > 0 && top < bottom)).toBe(true);
    expect(scene.order).toHaveLength(count);
    // Only among very many is it worth to part them.
    expect(scene.grid?.groups.map(({ name }) => name)).toEqual(count > 5000 ? ["Failed", "Active"] : []);
  }
});

test("a grid is grouped by country where clients tell theirs", () => {
  const groups = (countries: (string | undefined)[]) =>
    sceneOf(countries.map((country) => (country === undefined ? {} : { country }))).grid?.groups.map(
      ({ name, count }) => `${name} ${count}`,
    );
  expect(groups(["DE", "FR", undefined, "DE", ""])).toEqual(["DE 2", "FR 1", "no country 2"]);
  expect(groups(["DE", "DE"])).toEqual([]);
  const many = groups(Array.from({ length: 100 }, (_, i) => `country-${i}`));
  expect(many).toHaveLength(61);
  expect(many?.at(-1)).toBe("other countries 40");
});

test("a grid is grouped by what somebody chose: status, or any text that clients report", () => {
  const clients = clientsOf([{ country: "DE" }, { country: "FR" }, {}]);
  const table = tableOf([{ status: "active" }, { status: "failed" }, {}]);
  const tier = { kind: "values", name: "tier", values: ["gold", "silver"], codes: Int32Array.of(1, 0) } as const;
  const withTier = { ...table, columns: new Map([["tier", { numbers: undefined, values: tier }]]) };
  const status = Uint8Array.of(STATUS_CODES.active, STATUS_CODES.failed, STATUS_CODES.idle);
  const namesBy = (by: string): string[] => {
    const { groupOf, names } = groupingOf(clients, status, by, withTier);
    return Array.from(groupOf, (group) => names[group] ?? "");
  };
  expect(namesBy("status")).toEqual(["Active", "Failed", "Not in this round"]);
  expect(namesBy("tier")).toEqual(["silver", "gold", "not reported"]);
  expect(namesBy("country")).toEqual(["DE", "FR", "no country"]);
  expect(namesBy("none")).toEqual(["", "", ""]);
  expect(groupChoices(withTier)).toEqual(["tier"]);
});

test("of so many clients that they cover each other as much is seen of each status as there are", () => {
  const sites: Site[] = Array.from({ length: 6000 }, (_, i) => ({
    lat: 1,
    lng: 1,
    status: i % 100 === 0 ? "failed" : "active",
  }));
  const { order, status } = sceneOf(sites);
  const last = order.subarray(order.length - 1000);
  expect(last.filter((client) => status[client] === STATUS_CODES.failed).length).toBe(10);
});

test("a grid moves only when its groups change", () => {
  const build = createSceneBuilder();
  const sites: Site[] = [{ country: "DE" }, { country: "FR" }];
  const rest = { tally: undefined, server: undefined, matches: undefined, colorBy: "status", borders: true } as const;
  const show = (shown: readonly Site[]) =>
    build({ ...rest, clients: clientsOf(shown), table: tableOf(shown), projection: "equal-earth" }).grid;
  const first = show(sites);
  expect(show(sites.map((site) => ({ ...site, status: "failed" })))).toBe(first);
  expect(show([...sites, { country: "DE" }])).not.toBe(first);
});

test("who doesn't see the map is told what is on it", () => {
  const attributes = surfaceAttributes(
    sceneOf([{ lat: 1, lng: 2, status: "active" }, { lat: 1, lng: 2, status: "dropped" }, { status: "dropped" }]),
  );
  expect(attributes["aria-label"]).toContain(
    "Map of 3 clients in round 3; Active 1, Dropped out 2; 1 without a place; the server’s place is unknown.",
  );
});

test("a condition is put into a filter, replaces its like, and is taken out", () => {
  expect(toggleTerm("", "status:dropped")).toBe("status:dropped");
  expect(toggleTerm('city:"New York" status:active x<1', "status:dropped")).toBe('city:"New York" x<1 status:dropped');
  expect(toggleTerm("status:dropped x<1", "status:dropped")).toBe("x<1");
  expect(hasTerm("x status:dropped", "status:dropped")).toBe(true);
  expect(hasTerm('"status:dropped x"', "status:dropped")).toBe(false);
});

test("counts are short enough for a mark", () => {
  expect([7, 999, 1000, 1234, 9999, 35_499, 999_999, 1_500_000].map(shortCount)).toEqual([
    "7",
    "999",
    "1.0k",
    "1.2k",
    "10k",
    "35k",
    "1.0M",
    "1.5M",
  ]);
});
