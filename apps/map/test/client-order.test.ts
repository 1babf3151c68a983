import { newSeed, randomFrom } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import type { Sort } from "../src/page-state.ts";
import { orderClients } from "../src/ui/client-order.ts";
import { type ClientRow, clientsOf, tableOf, tallyOf } from "./tables.ts";

const ROWS: readonly ClientRow[] = [
  { id: "site-10", status: "active", local_loss: 0.5, device: "b" },
  { id: "site-2", status: "failed" },
  { id: "site-1", status: "active", local_loss: Number.NaN, device: "a" },
  { id: "Site-3", status: "dropped", local_loss: Number.POSITIVE_INFINITY },
  { id: "site-4" },
  { id: "site-5", status: "active", local_loss: -0.1 },
];

function order(sort: Sort, matches?: Uint8Array): string[] {
  const clients = clientsOf(ROWS);
  const tally = tallyOf(ROWS.length, { rounds: 4, completed: Uint32Array.of(4, 0, 3, 1, 0, 2) });
  return Array.from(orderClients({ clients, table: tableOf(1, ROWS), tally, matches, sort }), (i) => ROWS[i]?.id ?? "");
}

test("by status the gravest come first, and those who stand the same stay in their order", () => {
  const ascending = ["site-2", "Site-3", "site-10", "site-1", "site-5", "site-4"];
  expect(order({ field: "status", descending: false })).toEqual(ascending);
  expect(order({ field: "status", descending: true })).toEqual([
    "site-4",
    "site-10",
    "site-1",
    "site-5",
    "Site-3",
    "site-2",
  ]);
});

test("by id, as people count", () => {
  const ascending = ["site-1", "site-2", "Site-3", "site-4", "site-5", "site-10"];
  expect(order({ field: "client", descending: false })).toEqual(ascending);
  expect(order({ field: "client", descending: true })).toEqual(ascending.toReversed());
});

test("by a number: NaN is below all others, and what is missing is last in any direction", () => {
  expect(order({ field: "local_loss", descending: false })).toEqual([
    "site-1",
    "site-5",
    "site-10",
    "Site-3",
    "site-2",
    "site-4",
  ]);
  expect(order({ field: "local_loss", descending: true })).toEqual([
    "Site-3",
    "site-10",
    "site-5",
    "site-1",
    "site-2",
    "site-4",
  ]);
});

test("by text, by share of rounds, and by what nobody reported", () => {
  expect(order({ field: "device", descending: false }).slice(0, 2)).toEqual(["site-1", "site-10"]);
  expect(order({ field: "round_share", descending: true }).slice(0, 3)).toEqual(["site-10", "site-1", "site-5"]);
  expect(order({ field: "nothing", descending: true })).toEqual(ROWS.map(({ id }) => id));
});

test("only those that match", () => {
  expect(order({ field: "client", descending: false }, Uint8Array.of(1, 0, 1, 0, 0))).toEqual(["site-1", "site-10"]);
});

test("numbers are sorted as comparing sorts them", () => {
  const { below } = randomFrom(newSeed());
  for (let run = 0; run < 200; run++) {
    const rows = Array.from(
      { length: below(40) },
      (_, i): ClientRow => ({ id: `${i}`, status: "active", x: below(9) - 4 }),
    );
    const clients = clientsOf(rows);
    const table = tableOf(1, rows);
    const descending = below(2) === 0;
    const sorted = orderClients({
      clients,
      table,
      tally: tallyOf(rows.length),
      matches: undefined,
      sort: { field: "x", descending },
    });
    const expected = rows.toSorted((a, b) => (descending ? Number(b.x) - Number(a.x) : Number(a.x) - Number(b.x)));
    expect(Array.from(sorted, (i) => rows[i]?.id)).toEqual(expected.map(({ id }) => id));
  }
});
