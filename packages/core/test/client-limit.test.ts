import { expect, it } from "vitest";
import { clientSpread, createClientLimit } from "../src/index.ts";

it("the first clients have series of their own, and keep them", () => {
  const limit = createClientLimit(2);
  expect(["a", "b", "a"].map(limit.admits)).toEqual([true, true, true]);
  expect(limit.isExceeded).toBe(false);
  expect(["c", "b", "__proto__"].map(limit.admits)).toEqual([false, true, false]);
  expect(limit.isExceeded).toBe(true);
});

it("tells how a field is spread over clients, by values that were reported", () => {
  const clients = Array.from({ length: 10 }, (_, i) => ({ client_id: `c${i}`, round: 3, local_loss: 10 - i }));
  expect(clientSpread(clients)).toEqual([{ field: "local_loss", min: 1, p10: 1, p50: 5, p90: 9, max: 10 }]);
});

it("leaves out what is no finite number, and fields without one", () => {
  const clients = [
    { client_id: "a", local_loss: Number.NaN, status: "active", sparsity: null },
    { client_id: "b", local_loss: 2, norm: Number.POSITIVE_INFINITY },
  ];
  expect(clientSpread(clients)).toEqual([{ field: "local_loss", min: 2, p10: 2, p50: 2, p90: 2, max: 2 }]);
  expect(clientSpread([])).toEqual([]);
});

it("has a bound for fields that clients invent", () => {
  const fields = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`f${i}`, i]));
  expect(clientSpread([{ client_id: "a", ...fields }])).toHaveLength(64);
});
