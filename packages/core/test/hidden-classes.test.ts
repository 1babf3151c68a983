import { setFlagsFromString } from "node:v8";
import { runInThisContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { freezeCopy, parseEvent } from "../src/index.ts";

setFlagsFromString("--allow-natives-syntax");
const haveSameClass: unknown = runInThisContext("(a, b) => %HaveSameMap(a, b)");

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
    expect(changesOf(learnt.map((event) => event.clients?.[0] ?? event.round_metrics))).toBe(0);
  });
});
