import type { ClientMetrics, MapTable } from "@hivewatch/core";

/** What is new about the clients since the page was last told. */
export interface ClientNews {
  /** The index of the first new one. */
  readonly first: number;
  readonly ids: readonly string[];
  readonly places: PlaceNews;
}

/** The places that were reported or have changed, in columns: handed over whole they cost nothing. */
export interface PlaceNews {
  /** Indices of the clients. */
  readonly clients: Uint32Array;
  /** NaN: none was reported. */
  readonly lat: Float64Array;
  readonly lng: Float64Array;
  /** Undefined: of none of them one was reported. */
  readonly city: readonly (string | undefined)[] | undefined;
  readonly country: readonly (string | undefined)[] | undefined;
}

/** Every client that was heard of, numbered as they come, with the newest place of each. */
export interface ClientList {
  readonly size: number;
  /** The index of an id, which gets one if it has none. */
  add(id: string): number;
  /** Keeps the newest place of a client. */
  place(client: number, fields: ClientMetrics): void;
  /** Takes over a part of a map's client table, and tells which row is whose. */
  addTable(table: MapTable, tell: (row: number, client: number) => void): void;
  /** Everything new since this was last asked; undefined: nothing. */
  news(): ClientNews | undefined;
}

const FIRST_ROOM = 64;

export function createClientList(): ClientList {
  const ids: string[] = [];
  const indices = new Map<string, number>();
  let lat = new Float64Array(0);
  let lng = new Float64Array(0);
  const city: (string | undefined)[] = [];
  const country: (string | undefined)[] = [];
  let isMoved = new Uint8Array(0);
  let moved: number[] = [];
  let told = 0;

  function add(id: string): number {
    let index = indices.get(id);
    if (index === undefined) {
      index = ids.push(id) - 1;
      indices.set(id, index);
    }
    return index;
  }

  function makeRoom(): void {
    if (ids.length <= lat.length) return;
    const room = Math.max(FIRST_ROOM, 2 ** Math.ceil(Math.log2(ids.length)));
    const nowhere = (): Float64Array<ArrayBuffer> => new Float64Array(room).fill(Number.NaN);
    lat = extended(lat, nowhere());
    lng = extended(lng, nowhere());
    isMoved = extended(isMoved, new Uint8Array(room));
  }

  function moveTo(client: number, north: unknown, east: unknown, town: unknown, state: unknown): void {
    if (north == null && east == null && town == null && state == null) return;
    makeRoom();
    let changed = false;
    const nextLat = typeof north === "number" ? north : lat[client];
    const nextLng = typeof east === "number" ? east : lng[client];
    if (!Object.is(nextLat, lat[client]) || !Object.is(nextLng, lng[client])) {
      lat[client] = nextLat ?? Number.NaN;
      lng[client] = nextLng ?? Number.NaN;
      changed = true;
    }
    if (typeof town === "string" && town !== city[client]) {
      city[client] = town;
      changed = true;
    }
    if (typeof state === "string" && state !== country[client]) {
      country[client] = state;
      changed = true;
    }
    if (!changed || isMoved[client] === 1) return;
    isMoved[client] = 1;
    moved.push(client);
  }

  function placesOf(clients: Uint32Array): PlaceNews {
    const texts = (all: readonly (string | undefined)[]): (string | undefined)[] | undefined =>
      all.length === 0 ? undefined : Array.from(clients, (client) => all[client]);
    return {
      clients,
      lat: Float64Array.from(clients, (client) => lat[client] ?? Number.NaN),
      lng: Float64Array.from(clients, (client) => lng[client] ?? Number.NaN),
      city: texts(city),
      country: texts(country),
    };
  }

  return {
    get size() {
      return ids.length;
    },
    add,
    place: (client, fields) => moveTo(client, fields.lat, fields.lng, fields.city, fields.country),
    addTable(table, tell) {
      const [id, north, east, town, state] = ["client_id", "lat", "lng", "city", "country"].map((name) =>
        readerOf(table, name),
      );
      for (let row = 0; row < table.rows; row++) {
        const client = add(String(id?.(row)));
        tell(row, client);
        moveTo(client, north?.(row), east?.(row), town?.(row), state?.(row));
      }
    },
    news() {
      if (told === ids.length && moved.length === 0) return undefined;
      const news = { first: told, ids: ids.slice(told), places: placesOf(Uint32Array.from(moved)) };
      told = ids.length;
      for (const client of moved) isMoved[client] = 0;
      moved = [];
      return news;
    },
  };
}

/** What stands in a row under a name, which may have numbers in one column and other values in another. */
function readerOf(table: MapTable, name: string): ((row: number) => unknown) | undefined {
  let read: ((row: number) => unknown) | undefined;
  for (const column of table.columns) {
    if (column.name !== name) continue;
    const own = (row: number): unknown =>
      column.kind === "values"
        ? column.values[column.codes[row] ?? -1]
        : column.present?.[row] === 0
          ? undefined
          : column.numbers[row];
    const before = read;
    read = before === undefined ? own : (row) => own(row) ?? before(row);
  }
  return read;
}

function extended<T extends Uint8Array | Float64Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}
