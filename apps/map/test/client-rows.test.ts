import { expect, test } from "vitest";
import { type Sort, sortedClients } from "../src/model/client-rows.ts";
import { buildRoundView } from "../src/model/round-view.ts";
import { event, modelOf, update } from "./events.ts";

const model = modelOf(
  update(1, "site-2", { local_loss: 0.2, city: "Berlin" }),
  update(1, "site-10", { local_loss: 0.9, country: "DE" }),
  update(1, "nan", { local_loss: "NaN" }),
  update(1, "none", { local_accuracy: 0.1 }),
  event("client_dropout", { round: 1, clients: [{ client_id: "gone" }], reason: "x" }),
);
const view = buildRoundView(model, 1);

function ids(key: Sort["key"], descending = false, search = ""): (string | undefined)[] {
  return sortedClients(model, view, { key, descending }, search).map((index) => model.roster[index]);
}

test("the gravest status comes first", () => {
  expect(ids("status")).toEqual(["gone", "nan", "site-2", "site-10", "none"]);
});

test("numbers sort before what is not finite, and that before what is missing, in either direction", () => {
  expect(ids("local_loss").slice(0, 3)).toEqual(["site-2", "site-10", "nan"]);
  expect(ids("local_loss", true).slice(0, 3)).toEqual(["site-10", "site-2", "nan"]);
});

test("ids sort as people count", () => {
  expect(ids("client")).toEqual(["gone", "nan", "none", "site-2", "site-10"]);
});

test("a search looks at id, place and status", () => {
  expect(ids("status", false, "berlin")).toEqual(["site-2"]);
  expect(ids("status", false, "DROPPED")).toEqual(["gone"]);
  expect(ids("status", false, "site de")).toEqual(["site-10"]);
});
