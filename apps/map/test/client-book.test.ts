import { expect, test } from "vitest";
import { createClientBook } from "../src/data/client-book.ts";
import type { PlaceNews } from "../src/engine/client-list.ts";

function placeOf(client: number, lat: number, lng: number, city?: string): PlaceNews {
  return {
    clients: Uint32Array.of(client),
    lat: Float64Array.of(lat),
    lng: Float64Array.of(lng),
    city: city === undefined ? undefined : [city],
    country: undefined,
  };
}

const PARIS = placeOf(0, 48.9, 2.4, "Paris");
const NOWHERE: PlaceNews = { ...PARIS, clients: new Uint32Array(0) };

test("clients are put together from what is new about them, and keep their newest place", () => {
  const book = createClientBook();
  book.add({ first: 0, ids: ["a"], places: PARIS });
  const { ids, lat, lng, city, indexOf } = book.add({ first: 1, ids: ["b", "c"], places: placeOf(2, 0, 0) });
  expect(ids).toEqual(["a", "b", "c"]);
  expect([...lat]).toEqual([48.9, Number.NaN, 0]);
  expect([...lng]).toEqual([2.4, Number.NaN, 0]);
  expect(city[0]).toBe("Paris");
  expect([indexOf("c"), indexOf("d")]).toEqual([2, -1]);
});

test("a run that is loaded anew has its clients once, whatever their order is now", () => {
  const book = createClientBook();
  book.add({ first: 0, ids: ["a", "b"], places: PARIS });
  const { ids, lat, city, indexOf } = book.add({ first: 0, ids: ["b"], places: NOWHERE });
  expect(ids).toEqual(["b"]);
  expect([...lat]).toEqual([Number.NaN]);
  expect(city[0]).toBeUndefined();
  expect([indexOf("b"), indexOf("a")]).toEqual([0, -1]);
});
