import { readFileSync } from "node:fs";
import {
  applyEvent,
  createRunState,
  EVENT_TYPES,
  type HiveEvent,
  sortedRounds,
  staleness,
  summarizeRound,
} from "@hivewatch/core";
import { describe, expect, it } from "vitest";
import { RECORDED_STREAMS, recordedStream } from "../src/index.ts";

function stateOf(events: readonly HiveEvent[]) {
  const state = createRunState("recorded");
  for (const event of events) applyEvent(state, event);
  return state;
}

describe("recordedStream", () => {
  it.each(RECORDED_STREAMS)("%s is one run, from its start to its end", (name) => {
    const events = recordedStream(name);
    expect(new Set(events.map((event) => event.run_id))).toEqual(new Set([`recorded-${name}`]));
    expect(events.at(0)?.event_type).toBe("init");
    expect(events.at(-1)?.event_type).toBe("finished");
    const times = events.map((event) => event.timestamp);
    expect(times).toEqual([...times].sort());
  });

  it.each(RECORDED_STREAMS)("%s is plain JSON, which any language reads", (name) => {
    const text = readFileSync(new URL(`../streams/${name}.json`, import.meta.url), "utf8");
    expect(text).not.toMatch(/:\s*(?:-?Infinity|NaN)/);
    expect(JSON.parse(text)).toHaveLength(recordedStream(name).length);
  });

  it("holds every type of event that there is, and one that there isn't", () => {
    const types = new Set(RECORDED_STREAMS.flatMap((name) => recordedStream(name).map((event) => event.event_type)));
    expect(types).toEqual(new Set([...EVENT_TYPES, "privacy_budget"]));
  });

  it("tells of a complete run without trouble", () => {
    const state = stateOf(recordedStream("complete"));
    expect(state).toMatchObject({ status: "completed", incidents: [] });
    expect(sortedRounds(state).map((round) => summarizeRound(round).participation)).toEqual([1, 1, 1]);
  });

  it("tells of every kind of trouble", () => {
    const state = stateOf(recordedStream("troubled"));
    expect(state).toMatchObject({ status: "failed", statusReason: "fewer clients than min_fit_clients" });
    expect(new Set(state.incidents.map((incident) => incident.kind))).toEqual(
      new Set(["dropout", "comm_failure", "recovered", "non_finite"]),
    );
    const rounds = sortedRounds(state);
    expect(rounds.map((round) => round.round)).toEqual([0, 1, 3]);
    // A result that came after its round had ended.
    expect(rounds[0]?.clients.get("quito")).toMatchObject({ local_loss: 1.9, status: "active" });
    expect(rounds[1]?.metrics).toMatchObject({
      global_accuracy: 0.43,
      gradient_norm_dispersion: 0.8,
      total_bytes_up: 22_096,
    });
    expect(rounds[2]?.endedAt).toBeUndefined();
    expect(state.clients.get("nowhere")?.latest).not.toHaveProperty("lat");
  });

  it("tells of an asynchronous run, with rounds out of order and old models", () => {
    const events = recordedStream("asynchronous");
    const ends = events.filter((event) => event.event_type === "round_end").map((event) => event.round);
    expect(ends).toEqual([1, 2, 4, 3, 5]);
    const clients = sortedRounds(stateOf(events)).flatMap((round) => [...round.clients.values()]);
    expect(Math.max(...clients.map((client) => staleness(client) ?? 0))).toBe(3);
  });
});
