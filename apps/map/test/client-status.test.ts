import { expect, test } from "vitest";
import { clientStatus } from "../src/model/client-status.ts";
import { buildRoundView, statusAt } from "../src/model/round-view.ts";
import { event, modelOf, update } from "./events.ts";

function statuses(round: number, ...events: ReturnType<typeof event>[]): Record<string, string> {
  const model = modelOf(...events);
  const view = buildRoundView(model, round);
  return Object.fromEntries(model.roster.map((id, index) => [id, statusAt(view, index)]));
}

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
    later: "idle",
  };
  expect(statuses(0, ...events)).toEqual({ ...expected, silent: "waiting" });
  expect(statuses(0, ...events, event("round_end", { round: 0 }))).toEqual({ ...expected, silent: "missing" });
  expect(statuses(0, ...events, event("finished"))).toEqual({ ...expected, silent: "missing" });
});

test("a straggler takes more than twice the median, of at least three times", () => {
  const standing = { metrics: { client_id: "a", train_time_sec: 20 }, updated: true, selected: true, open: false };
  expect(clientStatus({ ...standing, limit: 20 })).toBe("active");
  expect(clientStatus({ ...standing, limit: 19.9 })).toBe("straggler");
  const two = [update(1, "a", { train_time_sec: 1 }), update(1, "b", { train_time_sec: 100 })];
  expect(statuses(1, ...two)).toEqual({ a: "active", b: "active" });
});

test("to be back is no result yet", () => {
  const moved = event("client_recovered", { round: 1, client_id: "a" });
  expect(statuses(1, moved)).toEqual({ a: "waiting" });
  expect(statuses(1, moved, event("client_metric", { round: 1, clients: [{ client_id: "a", ram_mb: 1 }] }))).toEqual({
    a: "active",
  });
});

test("a result without numbers is one", () => {
  expect(statuses(1, update(1, "a"))).toEqual({ a: "active" });
});
