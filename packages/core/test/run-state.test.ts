import { describe, expect, it } from "vitest";
import {
  applyEvent,
  createRunState,
  type HiveEvent,
  isLocated,
  type RunState,
  sortedRounds,
  summarizeRound,
} from "../src/index.ts";
import { eventsOf, update } from "./events-of.ts";

function stateOf(events: readonly HiveEvent[]): RunState {
  const state = createRunState("run");
  for (const event of events) applyEvent(state, event);
  return state;
}

/** Every order of a few things. */
function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));
}

const INIT = { event_type: "init", algorithm: "FedProx", config: { mu: 0.1 } };

describe("a run's state", () => {
  it("knows nothing at first", () => {
    const state = createRunState("run");
    expect(state).toMatchObject({ runId: "run", algorithm: "unknown", status: "running", eventCount: 0 });
    expect([state.startedAt, state.finishedAt, state.server, state.lastEventAt]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("tells a run from its start to its end", () => {
    const state = stateOf(
      eventsOf(
        INIT,
        { event_type: "server_metadata", server: { city: "Geneva", lat: 46.2, lng: 6.1 } },
        { event_type: "round_start", round: 1, selected: ["a", "b"] },
        update("a", 1, { local_loss: 0.5 }),
        { event_type: "checkpoint", round: 1, path: "m.bin", metadata: { k: 1 } },
        { event_type: "evaluation", round: 1, source: "central", metrics: { loss: 1 } },
        { event_type: "round_end", round: 1, round_metrics: { global_loss: 0.4 }, clients: [] },
        { event_type: "finished", status: "failed", reason: "out of memory" },
      ),
    );
    expect(state).toMatchObject({
      algorithm: "FedProx",
      config: { mu: 0.1 },
      startedAt: "2026-01-01T00:00:00Z",
      finishedAt: "2026-01-01T00:00:07Z",
      lastEventAt: "2026-01-01T00:00:07Z",
      status: "failed",
      statusReason: "out of memory",
      server: { city: "Geneva", lat: 46.2, lng: 6.1 },
      eventCount: 8,
      checkpoints: [{ round: 1, path: "m.bin", metadata: { k: 1 } }],
      evaluations: [{ source: "central", metrics: { loss: 1 } }],
    });
    expect(state.rounds.get(1)).toMatchObject({
      startedAt: "2026-01-01T00:00:02Z",
      endedAt: "2026-01-01T00:00:06Z",
      selected: ["a", "b"],
      metrics: { global_loss: 0.4 },
    });
  });

  it("is completed when a writer names no status, as Python hivewatch", () => {
    expect(stateOf(eventsOf(INIT, { event_type: "finished" })).status).toBe("completed");
  });

  it("goes on with a run that was started again under the same id", () => {
    const state = stateOf(
      eventsOf(
        INIT,
        update("a", 1),
        { event_type: "finished", status: "failed" },
        { ...INIT, config: { mu: 0.2 } },
        update("a", 2),
      ),
    );
    expect(state).toMatchObject({ status: "running", startedAt: "2026-01-01T00:00:00Z", config: { mu: 0.2 } });
    expect([state.finishedAt, state.statusReason]).toEqual([undefined, undefined]);
    expect([...state.rounds.keys()]).toEqual([1, 2]);
  });

  it("comes out the same in whatever order the rounds' events arrive", () => {
    const events = eventsOf(
      { event_type: "round_start", round: 0, selected: ["a"] },
      { event_type: "round_end", round: 0, round_metrics: { global_loss: 1 } },
      update("a", 0, { local_loss: 1 }),
      update("b", 1, { local_loss: 2 }),
      { event_type: "round_end", round: 1, round_metrics: { global_loss: 2 } },
    );
    const expected = sortedRounds(stateOf(events)).map(summarizeRound);
    expect(expected.map((round) => round.round)).toEqual([0, 1]);
    for (const order of permutations(events)) {
      expect(sortedRounds(stateOf(order)).map(summarizeRound)).toEqual(expected);
    }
  });

  it("sorts rounds by number, from 0 and with gaps", () => {
    const state = stateOf(eventsOf(update("a", 10), update("a", 2), update("a", 0)));
    expect(sortedRounds(state).map((round) => round.round)).toEqual([0, 2, 10]);
  });

  it("counts a client's results, and lays the later over the earlier", () => {
    const state = stateOf(eventsOf(update("a", 1, { local_loss: 2, x: 1 }), update("a", 1, { local_loss: 1 })));
    expect(state.rounds.get(1)?.clients.get("a")).toMatchObject({ local_loss: 1, x: 1 });
    expect(state.rounds.get(1)?.updates.get("a")).toBe(2);
    expect(state.clients.get("a")?.rounds).toEqual([1]);
  });

  it("never overwrites with null", () => {
    const state = stateOf(
      eventsOf(
        { event_type: "server_metadata", server: { lat: 1, lng: 2 } },
        { event_type: "server_metadata", server: { lat: null, city: "Geneva" } },
        update("a", 1, { local_loss: 2 }),
        update("a", 1, { local_loss: null }),
        { event_type: "round_end", round: 1, round_metrics: { global_loss: 3 } },
        { event_type: "round_end", round: 1, round_metrics: { global_loss: null } },
      ),
    );
    expect(state.server).toEqual({ lat: 1, lng: 2, city: "Geneva" });
    expect(state.rounds.get(1)?.clients.get("a")?.local_loss).toBe(2);
    expect(state.clients.get("a")?.latest.local_loss).toBe(2);
    expect(state.rounds.get(1)?.metrics.global_loss).toBe(3);
  });

  it("keeps a value that belongs to no round out of the rounds", () => {
    const state = stateOf(eventsOf(update("a", null, { local_loss: 2 })));
    expect(state.rounds.size).toBe(0);
    expect(state.clients.get("a")).toMatchObject({ latest: { local_loss: 2 }, rounds: [] });
  });

  it("takes a client's own round before the event's", () => {
    const state = stateOf(eventsOf(update("a", 5, { round: 3 })));
    expect([...state.rounds.keys()]).toEqual([3]);
  });

  it("doesn't take a metric inside a round for a result", () => {
    const state = stateOf(
      eventsOf({ event_type: "client_metric", round: 1, clients: [{ client_id: "a", val_loss: 1 }] }),
    );
    expect(state.rounds.get(1)?.clients.get("a")).toMatchObject({ val_loss: 1 });
    expect(state.rounds.get(1)?.updates.size).toBe(0);
  });

  it("notes dropouts, failures, recoveries and values that aren't finite as incidents", () => {
    const state = stateOf(
      eventsOf(
        { event_type: "client_dropout", round: 1, clients: [{ client_id: "a" }, { client_id: "b" }], reason: "power" },
        { event_type: "comm_failure", round: 1, client_id: "c", reason: "timeout" },
        { event_type: "client_recovered", round: 2, client_id: "c" },
        update("d", 2, { local_loss: Number.NaN, gradient_norm: Number.POSITIVE_INFINITY }),
      ),
    );
    expect(state.incidents.map(({ kind, round, clientId, detail }) => [kind, round, clientId, detail])).toEqual([
      ["dropout", 1, "a", "power"],
      ["dropout", 1, "b", "power"],
      ["comm_failure", 1, "c", "timeout"],
      ["recovered", 2, "c", ""],
      ["non_finite", 2, "d", "local_loss is NaN, gradient_norm is Infinity"],
    ]);
    expect(state.clients.get("a")).toMatchObject({ dropouts: 1, failures: 0, latest: { status: "dropped" } });
    expect(state.clients.get("c")).toMatchObject({ failures: 1, latest: { status: "active" } });
    expect(state.rounds.get(1)?.clients.get("c")?.status).toBe("failed");
  });

  it("takes a client that sends a result after a failure as active again", () => {
    const state = stateOf(
      eventsOf({ event_type: "comm_failure", round: 1, client_id: "a" }, update("a", 1), update("a", 2)),
    );
    expect(state.rounds.get(1)?.clients.get("a")?.status).toBe("active");
    expect(state.clients.get("a")?.latest.status).toBe("active");
  });

  it("reads the name that Python hivewatch used for the dispersion, and prefers the new one", () => {
    const end = { event_type: "round_end", round: 1 };
    const [old] = sortedRounds(stateOf(eventsOf({ ...end, round_metrics: { gradient_divergence: 2 } })));
    expect(old?.metrics).toEqual({ gradient_norm_dispersion: 2 });
    const [both] = sortedRounds(
      stateOf(eventsOf({ ...end, round_metrics: { gradient_norm_dispersion: 1, gradient_divergence: 2 } })),
    );
    expect(both?.metrics).toEqual({ gradient_norm_dispersion: 1 });
  });

  it("reads a round's clients from its end, as files have them", () => {
    const clients = [{ client_id: "a", local_loss: 1 }];
    const state = stateOf(eventsOf({ event_type: "round_end", round: 1, round_metrics: {}, clients }));
    expect(state.rounds.get(1)?.clients.get("a")).toEqual({ client_id: "a", local_loss: 1 });
  });

  it("keeps what an unknown event says of a round's clients, and ignores the rest", () => {
    const state = stateOf(
      eventsOf(
        { event_type: "privacy", round: 3, clients: [{ client_id: "a", epsilon: 1 }], budget: 5 },
        { event_type: "privacy", clients: [{ client_id: "b" }] },
        { event_type: "note" },
      ),
    );
    expect(state.rounds.get(3)?.clients.get("a")).toEqual({ client_id: "a", epsilon: 1 });
    expect([...state.clients.keys()]).toEqual(["a"]);
    expect(state.eventCount).toBe(3);
  });

  it("doesn't change the events", () => {
    const events = eventsOf(INIT, update("a", 1, { local_loss: 1 }), update("a", 1, { local_loss: 2 }));
    const before = structuredClone(events);
    stateOf(events);
    expect(events).toEqual(before);
  });
});

describe("isLocated", () => {
  it.each([
    [{ lat: 0, lng: 0 }, true],
    [{ lat: 1, lng: null }, false],
    [{ lat: Number.NaN, lng: 1 }, false],
    [{ lat: "1", lng: "2" }, false],
    [{}, false],
    [undefined, false],
  ])("%j: %s", (place, located) => {
    expect(isLocated(place)).toBe(located);
  });
});
