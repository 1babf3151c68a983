import { expect, test } from "vitest";
import { event, update } from "../events.ts";
import { statusesIn, storeOf } from "./store-of.ts";

test("every way in which a client may stand in a round", () => {
  const events = [
    event("round_start", { round: 0, selected: ["ok", "slow", "nan", "gone", "broken", "silent"] }),
    update(0, "ok", { train_time_sec: 10 }),
    update(0, "ok2", { train_time_sec: 11 }),
    update(0, "slow", { train_time_sec: 23 }),
    update(0, "nan", { train_time_sec: 9, local_loss: "NaN" }),
    event("client_dropout", { round: 0, clients: [{ client_id: "gone" }], reason: "x" }),
    event("comm_failure", { round: 0, client_id: "broken", reason: "x" }),
    update(1, "later", { local_loss: 1 }),
  ];
  const expected = {
    ok: "active",
    ok2: "active",
    slow: "straggler",
    nan: "non_finite",
    gone: "dropped",
    broken: "failed",
  };
  expect(statusesIn(storeOf(...events), 0)).toEqual({ ...expected, silent: "waiting" });
  expect(statusesIn(storeOf(...events, event("round_end", { round: 0 })), 0)).toEqual({
    ...expected,
    silent: "missing",
  });
  expect(statusesIn(storeOf(...events, event("finished")), 0)).toEqual({ ...expected, silent: "missing" });
});

test("a straggler takes more than twice the median, of at least three times", () => {
  const times = (...list: number[]) =>
    statusesIn(storeOf(...list.map((train_time_sec, i) => update(1, `c${i}`, { train_time_sec }))), 1);
  expect(times(10, 10, 20)).toEqual({ c0: "active", c1: "active", c2: "active" });
  expect(times(10, 10, 20.1)).toEqual({ c0: "active", c1: "active", c2: "straggler" });
  expect(times(1, 100)).toEqual({ c0: "active", c1: "active" });
});

test("to be back is no result yet", () => {
  const back = event("client_recovered", { round: 1, client_id: "a" });
  const ram = event("client_metric", { round: 1, clients: [{ client_id: "a", ram_mb: 1 }] });
  const gone = event("client_dropout", { round: 1, clients: [{ client_id: "a" }], reason: "x" });
  expect(statusesIn(storeOf(back), 1)).toEqual({ a: "waiting" });
  expect(statusesIn(storeOf(back, ram), 1)).toEqual({ a: "active" });
  expect(statusesIn(storeOf(back, ram, gone), 1)).toEqual({ a: "dropped" });
});

test("a result without numbers is one", () => {
  expect(statusesIn(storeOf(update(1, "a")), 1)).toEqual({ a: "active" });
});

test("a value that is not finite stands out, whatever came before it", () => {
  expect(statusesIn(storeOf(update(1, "a", { local_loss: "Infinity", local_accuracy: 1 })), 1)).toEqual({
    a: "non_finite",
  });
  expect(statusesIn(storeOf(update(1, "a", { local_loss: "NaN" }), update(1, "a", { local_loss: 0.1 })), 1)).toEqual({
    a: "active",
  });
});
