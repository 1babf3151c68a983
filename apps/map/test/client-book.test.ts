import { expect, test } from "vitest";
import { createClientBook } from "../src/data/client-book.ts";

const PARIS = { client: 0, lat: 48.9, lng: 2.4, city: "Paris", country: "FR" };

test("clients are put together from what is new about them, and keep their newest place", () => {
  const book = createClientBook();
  book.add({ first: 0, ids: ["a"], places: [PARIS] });
  const { ids, lat, lng, city, indexOf } = book.add({
    first: 1,
    ids: ["b", "c"],
    places: [{ client: 2, lat: 0, lng: 0, city: undefined, country: undefined }],
  });
  expect(ids).toEqual(["a", "b", "c"]);
  expect([...lat]).toEqual([48.9, Number.NaN, 0]);
  expect([...lng]).toEqual([2.4, Number.NaN, 0]);
  expect(city[0]).toBe("Paris");
  expect([indexOf("c"), indexOf("d")]).toEqual([2, -1]);
});

test("a run that is loaded anew has its clients once, whatever their order is now", () => {
  const book = createClientBook();
  book.add({ first: 0, ids: ["a", "b"], places: [PARIS] });
  const { ids, lat, city, indexOf } = book.add({ first: 0, ids: ["b"], places: [] });
  expect(ids).toEqual(["b"]);
  expect([...lat]).toEqual([Number.NaN]);
  expect(city[0]).toBeUndefined();
  expect([indexOf("b"), indexOf("a")]).toEqual([0, -1]);
});
