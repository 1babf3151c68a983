import { expect, test } from "vitest";
import { isRepeat, parseFrame } from "../src/engine/frame.ts";
import { defaultRun, readRunList } from "../src/runs/run-list.ts";

const START = { event_type: "round_start", run_id: "r", timestamp: "2026-11-23T07:43:20+00:00", round: 1 };

test("a frame holds events and notices; what can't be read hides nothing else", () => {
  const { notices, events } = parseFrame(
    JSON.stringify([{ event_type: "connected" }, START, { event_type: "round_start" }, 7, null, START]),
  );
  expect(notices).toEqual(["connected"]);
  expect(events).toHaveLength(2);
});

test("a frame of one event, and one that is no JSON", () => {
  expect(parseFrame(JSON.stringify(START)).events).toHaveLength(1);
  expect(parseFrame("{")).toEqual({ notices: [], events: [] });
});

test("NaN comes as text and becomes a number", () => {
  const [event] = parseFrame(
    JSON.stringify([{ ...START, event_type: "client_update", clients: [{ client_id: "a", local_loss: "NaN" }] }]),
  ).events;
  expect(event?.clients).toMatchObject([{ client_id: "a", local_loss: Number.NaN }]);
});

test("positions only grow, so a smaller or equal one was seen before", () => {
  expect(isRepeat("", "5")).toBe(false);
  expect(isRepeat("5", "5")).toBe(true);
  expect(isRepeat("10", "9")).toBe(true);
  expect(isRepeat("9", "10")).toBe(false);
});

test("the list of runs leaves out what it can't read, and the newest running one is opened", () => {
  const runs = readRunList([
    { run_id: "new", status: "completed" },
    { run_id: 7 },
    { run_id: "live", status: "running", global_accuracy: "NaN", config: { demo: true }, position: 7 },
    { run_id: "older", status: "running" },
  ]);
  expect(runs.map(({ runId }) => runId)).toEqual(["new", "live", "older"]);
  expect(runs[1]).toMatchObject({ demo: true, accuracy: Number.NaN, position: 7 });
  expect(defaultRun(runs)?.runId).toBe("live");
  expect(defaultRun([])).toBeUndefined();
});
