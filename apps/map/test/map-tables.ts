import type { Clients, RoundTable, TableColumn } from "../src/data/run-data.ts";
import { type ClientStatus, STATUS_CODES } from "../src/data/statuses.ts";
import { type Places, placesOf } from "../src/map/places.ts";
import { createSceneBuilder, type Scene, type SceneSource } from "../src/map/scene.ts";

/** A client that tests tell of. */
export interface Site {
  readonly id?: string;
  readonly lat?: number;
  readonly lng?: number;
  readonly city?: string;
  readonly country?: string;
  /** Without one the client has no row. */
  readonly status?: ClientStatus;
  readonly fields?: Readonly<Record<string, number>>;
}

export function clientsOf(sites: readonly Site[]): Clients {
  const ids = sites.map(({ id }, i) => id ?? `client-${i}`);
  return {
    ids,
    lat: Float64Array.from(sites, ({ lat }) => lat ?? Number.NaN),
    lng: Float64Array.from(sites, ({ lng }) => lng ?? Number.NaN),
    city: sites.map(({ city }) => city),
    country: sites.map(({ country }) => country),
    indexOf: (id) => ids.indexOf(id),
  };
}

export function tableOf(sites: readonly Site[]): RoundTable {
  const rows = sites.flatMap((site, client) =>
    site.status === undefined ? [] : { site, client, status: site.status },
  );
  const names = new Set(rows.flatMap(({ site }) => Object.keys(site.fields ?? {})));
  const column = (name: string): TableColumn => ({
    numbers: {
      kind: "numbers",
      name,
      numbers: Float64Array.from(rows, ({ site }) => site.fields?.[name] ?? Number.NaN),
      present: Uint8Array.from(rows, ({ site }) => (site.fields?.[name] === undefined ? 0 : 1)),
    },
    values: undefined,
  });
  const rowOf = new Int32Array(sites.length).fill(-1);
  rows.forEach(({ client }, row) => {
    rowOf[client] = row;
  });
  return {
    round: 3,
    open: false,
    rows: rows.length,
    clients: Uint32Array.from(rows, ({ client }) => client),
    results: new Uint32Array(rows.length).fill(1),
    asked: new Uint8Array(rows.length).fill(1),
    status: Uint8Array.from(rows, ({ status }) => STATUS_CODES[status]),
    rowOf,
    columns: new Map([...names].map((name) => [name, column(name)])),
  };
}

export function sceneOf(sites: readonly Site[], source: Partial<SceneSource> = {}): Scene {
  return createSceneBuilder()({
    clients: clientsOf(sites),
    table: tableOf(sites),
    tally: undefined,
    server: undefined,
    matches: undefined,
    colorBy: "status",
    projection: "equal-earth",
    borders: true,
    ...source,
  });
}

/** @param at - latitude and longitude of each */
export function placesAt(at: readonly (readonly [number, number])[]): Places {
  return placesOf(clientsOf(at.map(([lat, lng]) => ({ lat, lng }))), undefined);
}
