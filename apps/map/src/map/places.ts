import type { Clients } from "../data/run-data.ts";

/** Where the clients said they are, by index, in degrees. NaN: nowhere, or where no place on Earth is. */
export interface Places {
  readonly lat: Float64Array;
  readonly lng: Float64Array;
  /** How many have a place. */
  readonly located: number;
}

/** Longitude and latitude in degrees. */
export type LngLat = readonly [number, number];

/** Whether these are a place on Earth. Numbers out of range are not bent into it. */
function isPlace(lat: number, lng: number): boolean {
  return lat >= -90 && lat <= 90 && lng >= -180 && lng <= 180;
}

/**
 * The places of clients.
 *
 * @param before - the places as they were, which are handed out again if none has changed
 */
export function placesOf(clients: Pick<Clients, "ids" | "lat" | "lng">, before: Places | undefined): Places {
  const count = clients.ids.length;
  const lat = new Float64Array(count).fill(Number.NaN);
  const lng = new Float64Array(count).fill(Number.NaN);
  let located = 0;
  let changed = before?.lat.length !== count;
  for (let i = 0; i < count; i++) {
    const north = clients.lat[i] ?? Number.NaN;
    const east = clients.lng[i] ?? Number.NaN;
    if (isPlace(north, east)) {
      lat[i] = north;
      lng[i] = east;
      located++;
    }
    changed ||= !Object.is(before?.lat[i], lat[i]) || !Object.is(before?.lng[i], lng[i]);
  }
  return before === undefined || changed ? { lat, lng, located } : before;
}

/** The place that the server told, undefined if it told none. */
export function placeOf(server: Readonly<Record<string, unknown>> | undefined): LngLat | undefined {
  const { lat, lng } = server ?? {};
  return typeof lat === "number" && typeof lng === "number" && isPlace(lat, lng) ? [lng, lat] : undefined;
}
