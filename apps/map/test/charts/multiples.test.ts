import { expect, test } from "vitest";
import { bandPath, linePath } from "../../src/charts/line-path.ts";
import { multiplesOf } from "../../src/charts/multiples.ts";
import { clientOrder } from "../../src/charts/multiples-order.ts";
import { roundAxis } from "../../src/charts/round-axis.ts";
import { worstClients } from "../../src/charts/worst-clients.ts";
import type { ClientOrder } from "../../src/page-state.ts";
import { clientsOf, digestOf, roundsOf, tableOf } from "./tables.ts";

const ACROSS = { low: 0, high: 100, size: 100 };
const UP = { low: 0, high: 10, size: 50 };

test("a line has gaps where there is no finite value", () => {
  expect(linePath([0, 50, 75, 100], [0, 10, Number.NaN, 5], ACROSS, UP)).toBe("M0 50h0L50 0M100 25h0");
  expect(linePath([0, 50, 100], [0, Number.NaN, 10], ACROSS, UP, true)).toBe("M0 50h0L100 0");
});

test("ten thousand values make no longer a path than there are pixels for", () => {
  const x = Array.from({ length: 10_000 }, (_, i) => i / 100);
  const path = linePath(
    x,
    x.map((_, i) => i % 10),
    ACROSS,
    UP,
  );
  expect(path.match(/[ML]/g)?.length).toBeLessThanOrEqual(202);
  expect(path).toContain("V5");
});

test("values that are all the same, and one alone, stand in the middle", () => {
  expect(linePath([5], [3], { low: 5, high: 5, size: 100 }, { low: 3, high: 3, size: 50 })).toBe("M50 25h0");
});

test("a band is closed at each gap", () => {
  const path = bandPath([0, 25, 50, 100], [1, 1, Number.NaN, 1], [2, 2, 2, 2], ACROSS, UP);
  expect(path.match(/Z/g)).toHaveLength(2);
});

test("clients come in the order that was chosen", () => {
  const source = {
    clients: clientsOf("b", "a", "d", "c"),
    table: tableOf("local_accuracy", [0.5, 0.1, undefined, Number.NaN]),
    tally: {
      rounds: 3,
      completed: Uint32Array.of(3, 2, 0, 3),
      involved: Uint32Array.of(3, 3, 0, 3),
      dropouts: new Uint32Array(4),
      failures: new Uint32Array(4),
      stragglers: Uint32Array.of(0, 0, 0, 1),
      lastResult: Float64Array.of(3, 2, Number.NaN, 3),
    },
    field: "local_accuracy",
    matches: undefined,
  };
  const ids = (order: ClientOrder): string =>
    [...clientOrder(order, source)].map((client) => source.clients.ids[client]).join("");
  expect(ids("worst")).toBe("cabd");
  expect(ids("trouble")).toBe("acbd");
  expect(ids("silent")).toBe("dabc");
  expect(ids("id")).toBe("abcd");
  expect([...clientOrder("id", { ...source, matches: Uint8Array.of(1, 0, 0, 1) })]).toEqual([0, 3]);
});

test("the worst clients of a round are found among very many", () => {
  const values = Array.from({ length: 100_000 }, (_, i) => ((i * 7_919) % 100_003) / 100_003);
  const worst = worstClients(tableOf("local_accuracy", values), "local_accuracy", undefined, 3);
  expect(worst.map(({ value }) => value)).toEqual(values.toSorted((a, b) => a - b).slice(0, 3));
  const most = worstClients(tableOf("local_loss", [1, Number.NaN, 3, undefined]), "local_loss", undefined, 9);
  expect(most.map(({ client }) => client)).toEqual([2, 0]);
});

test("a history of fewer rounds than there are by now is drawn as far as it goes", () => {
  const rounds = roundsOf([0, 2, 3]);
  const history = {
    clients: [4],
    rounds: Float64Array.of(0, 2),
    status: new Uint8Array(2),
    fields: new Map([["base_round", Float64Array.of(0, 1)]]),
    findings: [],
  };
  const axis = roundAxis(rounds, "round");
  const { cards } = multiplesOf(history, "staleness", rounds, axis, digestOf([0, 1], [0, 1]));
  expect([...(cards[0]?.values ?? [])]).toEqual([0, 1, Number.NaN]);
});
