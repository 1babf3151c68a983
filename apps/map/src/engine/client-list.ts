import type { ClientMetrics, MapTable } from "@hivewatch/core";

/** What is new about the clients since the page was last told. */
export interface ClientNews {
  /** The index of the first new one. */
  readonly first: number;
  readonly ids: readonly string[];
  /** By index: the places that were reported or have changed. */
  readonly places: readonly ClientPlace[];
}

export interface ClientPlace {
  readonly client: number;
  readonly lat: number;
  readonly lng: number;
  readonly city: string | undefined;
  readonly country: string | undefined;
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

export function createClientList(): ClientList {
  const ids: string[] = [];
  const indices = new Map<string, number>();
  const places = new Map<number, ClientPlace>();
  const moved = new Set<number>();
  let told = 0;

  function add(id: string): number {
    let index = indices.get(id);
    if (index === undefined) {
      index = ids.push(id) - 1;
      indices.set(id, index);
    }
    return index;
  }

  function place(client: number, { lat, lng, city, country }: ClientMetrics): void {
    if (lat == null && lng == null && city == null && country == null) return;
    const known = places.get(client);
    const next: ClientPlace = {
      client,
      lat: typeof lat === "number" ? lat : (known?.lat ?? Number.NaN),
      lng: typeof lng === "number" ? lng : (known?.lng ?? Number.NaN),
      city: typeof city === "string" ? city : known?.city,
      country: typeof country === "string" ? country : known?.country,
    };
    if (known !== undefined && isSame(known, next)) return;
    places.set(client, next);
    moved.add(client);
  }

  return {
    get size() {
      return ids.length;
    },
    add,
    place,
    addTable(table, tell) {
      const columns = new Map<string, (row: number) => unknown>();
      for (const column of table.columns) {
        const before = columns.get(column.name);
        const read = (row: number): unknown =>
          column.kind === "values"
            ? column.values[column.codes[row] ?? -1]
            : column.present?.[row] === 0
              ? undefined
              : column.numbers[row];
        columns.set(column.name, before === undefined ? read : (row) => read(row) ?? before(row));
      }
      const text = (name: string, row: number): string | undefined => {
        const value = columns.get(name)?.(row);
        return typeof value === "string" ? value : undefined;
      };
      const number = (name: string, row: number): number | undefined => {
        const value = columns.get(name)?.(row);
        return typeof value === "number" ? value : undefined;
      };
      for (let row = 0; row < table.rows; row++) {
        const id = String(columns.get("client_id")?.(row));
        const client = add(id);
        tell(row, client);
        place(client, {
          client_id: id,
          lat: number("lat", row),
          lng: number("lng", row),
          city: text("city", row),
          country: text("country", row),
        });
      }
    },
    news() {
      if (told === ids.length && moved.size === 0) return undefined;
      const news = {
        first: told,
        ids: ids.slice(told),
        places: Array.from(moved, (client) => places.get(client)).filter((known) => known !== undefined),
      };
      told = ids.length;
      moved.clear();
      return news;
    },
  };
}

function isSame(one: ClientPlace, other: ClientPlace): boolean {
  return (
    Object.is(one.lat, other.lat) &&
    Object.is(one.lng, other.lng) &&
    one.city === other.city &&
    one.country === other.country
  );
}
