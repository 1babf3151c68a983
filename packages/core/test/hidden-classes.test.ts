import { setFlagsFromString } from "node:v8";
import { runInThisContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { applyEvent, createRunState, freezeCopy, parseEvent } from "../src/index.ts";
import { eventsOf, update } from "./events-of.ts";

setFlagsFromString("--allow-natives-syntax");
const haveSameClass: unknown = runInThisContext("(a, b) => %HaveSameMap(a, b)");
const isFast: unknown = runInThisContext("(object) => %HasFastProperties(object)");

/** Of how many objects V8 sees another hidden class than in the one before. */
function changesOf(objects: readonly unknown[]): number {
  if (typeof haveSameClass !== "function") throw new Error("V8 doesn't tell of hidden classes");
  return objects.filter((object, i) => i > 0 && haveSameClass(object, objects[i - 1]) === false).length;
}

const GIVEN = [
  { event_type: "client_update", clients: [{ client_id: "a", local_loss: 0.5, drift: 1.5 }] },
  { event_type: "client_update", clients: [{ client_id: "a", local_loss: 0.5, status: "idle" }] },
  { event_type: "client_metric", clients: [{ local_loss: 0.5, client_id: "a" }] },
  { event_type: "round_end", round_metrics: { global_loss: 0.5 } },
];

describe("events of one kind, frozen for their readers", () => {
  // Else each property that a reader looks at has to be searched for, which triples what a reader costs.
  it.each(GIVEN)("are alike to V8: $event_type, $clients", (fields) => {
    const given = { run_id: "run", timestamp: "2026-01-01T00:00:00Z", round: 1, ...fields };
    const events = Array.from({ length: 200 }, () => {
      const event = parseEvent({ ...given });
      freezeCopy(event);
      return event;
    });
    // V8 learns from the first of them.
    const learnt = events.slice(100);
    expect(changesOf(learnt)).toBe(0);
    const inner = learnt.map((event) => event.round_metrics ?? (Array.isArray(event.clients) && event.clients[0]));
    expect(inner.every((each) => typeof each === "object")).toBe(true);
    expect(changesOf(inner)).toBe(0);
  });
});

describe("what is known of a client", () => {
  it("is no dictionary, with 15 metrics beside its id, round and status", () => {
    const state = createRunState("run");
    const metrics = Object.fromEntries(Array.from({ length: 15 }, (_, i) => [`metric_${i}`, i / 7]));
    for (const event of eventsOf(update("a", 1, { round: 1, ...metrics }))) applyEvent(state, event);
    if (typeof isFast !== "function") throw new Error("V8 doesn't tell of hidden classes");
    const objects = [state.clients.get("a")?.latest, state.rounds.get(1)?.clients.get("a")];
    expect(objects.map((object) => [Object.keys(object ?? {}).length, isFast(object)])).toEqual([
      [18, true],
      [18, true],
    ]);
  });
});
