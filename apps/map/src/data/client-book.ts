import type { ClientNews } from "../engine/client-list.ts";
import type { Clients } from "./run-data.ts";

/** The clients as the page knows them, put together from what it is told. */
export interface ClientBook {
  /** As they are now. */
  readonly clients: Clients;
  /** Takes what is new; the clients as they were before are not to be used any longer. */
  add(news: ClientNews): Clients;
}

export function createClientBook(): ClientBook {
  let ids: string[] = [];
  const city: (string | undefined)[] = [];
  const country: (string | undefined)[] = [];
  let lat = new Float64Array(0);
  let lng = new Float64Array(0);
  const indices = new Map<string, number>();

  function makeRoom(): void {
    if (ids.length <= lat.length) return;
    const room = 2 ** Math.ceil(Math.log2(ids.length));
    lat = extended(lat, room);
    lng = extended(lng, room);
  }

  function forget(): void {
    ids = [];
    for (const list of [city, country]) list.length = 0;
    lat = new Float64Array(0);
    lng = new Float64Array(0);
    indices.clear();
  }

  /** Nobody asks for an id before a client is looked at by it. */
  function indexOf(id: string): number {
    for (let client = indices.size; client < ids.length; client++) indices.set(ids[client] ?? "", client);
    return indices.get(id) ?? -1;
  }

  function current(): Clients {
    return { ids, lat: lat.subarray(0, ids.length), lng: lng.subarray(0, ids.length), city, country, indexOf };
  }

  const book = {
    clients: current(),
    add(news: ClientNews) {
      // The run is being loaded anew.
      if (news.first === 0) forget();
      if (ids.length === 0) ids = [...news.ids];
      else for (const id of news.ids) ids.push(id);
      makeRoom();
      const { places } = news;
      for (let i = 0; i < places.clients.length; i++) {
        const client = places.clients[i] ?? 0;
        lat[client] = places.lat[i] ?? Number.NaN;
        lng[client] = places.lng[i] ?? Number.NaN;
        if (places.city !== undefined) city[client] = places.city[i];
        if (places.country !== undefined) country[client] = places.country[i];
      }
      book.clients = current();
      return book.clients;
    },
  };
  return book;
}

function extended(values: Float64Array, room: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(room).fill(Number.NaN);
  larger.set(values);
  return larger;
}
