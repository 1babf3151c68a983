import { describe, expect, it } from "vitest";
import { applyEvent, createRunState, type RoundSummary, staleness, summarizeRound } from "../src/index.ts";
import { eventsOf, update } from "./events-of.ts";

/** The summary of round 1 as these events tell it. */
function summaryOf(...fields: readonly Record<string, unknown>[]): RoundSummary {
  const state = createRunState("run");
  for (const event of eventsOf(...fields)) applyEvent(state, event);
  const round = state.rounds.get(1);
  if (round === undefined) throw new Error("the events tell of no round 1");
  return summarizeRound(round);
}

const START = { event_type: "round_start", round: 1, selected: ["a", "b", "c", "d"] };
const END = { event_type: "round_end", round: 1, round_metrics: {} };

describe("summarizeRound", () => {
  it("derives what the server didn't report", () => {
    const summary = summaryOf(
      START,
      update("a", 1, {
        local_accuracy: 0.5,
        local_loss: 1,
        num_samples: 30,
        gradient_norm: 1,
        bytes_sent: 10,
        bytes_received: 20,
      }),
      update("b", 1, {
        local_accuracy: 0.9,
        local_loss: 2,
        num_samples: 10,
        gradient_norm: 3,
        bytes_sent: 1,
        bytes_received: 2,
      }),
      { event_type: "client_dropout", round: 1, clients: [{ client_id: "c" }] },
      { event_type: "comm_failure", round: 1, client_id: "d" },
      END,
    );
    expect(summary).toMatchObject({
      round: 1,
      num_selected: 4,
      num_completed: 2,
      num_failures: 2,
      participation: 0.5,
      total_bytes_up: 11,
      total_bytes_down: 22,
      round_duration_sec: 5,
      clients_accuracy: 0.6,
      clients_loss: 1.25,
    });
    expect(summary.gradient_norm_dispersion).toBeCloseTo(Math.SQRT2);
    // How slow is too slow is for the server to say.
    expect(summary.num_stragglers).toBeUndefined();
  });

  it("never replaces what was reported", () => {
    const reported = {
      global_accuracy: 0.1,
      num_selected: 10,
      num_completed: 8,
      num_failures: 0,
      num_stragglers: 3,
      total_bytes_up: 1,
      total_bytes_down: 0,
      round_duration_sec: 0.5,
      gradient_norm_dispersion: 0,
      fairness: 0.4,
    };
    const metrics = { gradient_norm: 1, bytes_sent: 10, bytes_received: 10 };
    const summary = summaryOf(START, update("a", 1, metrics), update("b", 1, metrics), {
      ...END,
      round_metrics: reported,
    });
    expect(summary).toMatchObject({ ...reported, participation: 0.8 });
  });

  it("counts the clients that it knows of where nobody said who was selected", () => {
    const summary = summaryOf(update("a", 1), { event_type: "comm_failure", round: 1, client_id: "b" });
    expect(summary).toMatchObject({ num_selected: 2, num_completed: 1, num_failures: 1, participation: 0.5 });
  });

  it("knows of no clients where only figures were sent, instead of none", () => {
    const summary = summaryOf({ ...END, round_metrics: { global_loss: 1 } });
    expect(Object.entries(summary).filter(([, value]) => value !== undefined)).toEqual([
      ["global_loss", 1],
      ["round", 1],
    ]);
  });

  it("counts none completed where the selected ones didn't answer", () => {
    expect(summaryOf(START, END)).toMatchObject({
      num_selected: 4,
      num_completed: 0,
      num_failures: 0,
      participation: 0,
    });
  });

  it("knows no participation of a round for which nobody was selected", () => {
    expect(summaryOf({ ...START, selected: [] }, END).participation).toBeUndefined();
  });

  it("knows no duration without both ends, nor by a clock that was set back", () => {
    expect(summaryOf(START).round_duration_sec).toBeUndefined();
    expect(summaryOf(END).round_duration_sec).toBeUndefined();
    expect(summaryOf(START, { ...END, timestamp: "2025-12-31T23:59:59Z" }).round_duration_sec).toBeUndefined();
  });

  it("knows no totals that nobody reported, and adds up what some did", () => {
    expect(summaryOf(update("a", 1), update("b", 1)).total_bytes_up).toBeUndefined();
    expect(summaryOf(update("a", 1, { bytes_sent: 5 }), update("b", 1)).total_bytes_up).toBe(5);
    expect(summaryOf(update("a", 1, { bytes_sent: 0 })).total_bytes_up).toBe(0);
  });

  it("knows no dispersion of a single client", () => {
    expect(summaryOf(update("a", 1, { gradient_norm: 1 })).gradient_norm_dispersion).toBeUndefined();
  });

  it("is not harmed by values that aren't finite", () => {
    const odd = {
      gradient_norm: Number.NaN,
      local_loss: Number.POSITIVE_INFINITY,
      bytes_sent: Number.NaN,
      num_samples: 5,
    };
    const summary = summaryOf(
      update("a", 1, { gradient_norm: 1, local_loss: 1, bytes_sent: 5, num_samples: 1 }),
      update("b", 1, { gradient_norm: 1, local_loss: 3, bytes_sent: 5, num_samples: 3 }),
      update("c", 1, odd),
    );
    expect(summary).toMatchObject({
      gradient_norm_dispersion: 0,
      clients_loss: 2.5,
      total_bytes_up: 10,
      num_completed: 3,
    });
  });

  it("weighs by samples only if all of those clients said how many", () => {
    const half = update("b", 1, { local_loss: 3 });
    expect(summaryOf(update("a", 1, { local_loss: 1, num_samples: 9 }), half).clients_loss).toBe(2);
    const infinite = update("b", 1, { local_loss: 3, num_samples: Number.POSITIVE_INFINITY });
    expect(summaryOf(update("a", 1, { local_loss: 1, num_samples: 9 }), infinite).clients_loss).toBe(2);
    expect(summaryOf(update("a", 1)).clients_loss).toBeUndefined();
  });

  it("doesn't count a client as completed that dropped out after its result", () => {
    const summary = summaryOf(update("a", 1), {
      event_type: "client_dropout",
      round: 1,
      clients: [{ client_id: "a" }],
    });
    expect(summary).toMatchObject({ num_completed: 0, num_failures: 1 });
  });
});

describe("staleness", () => {
  it.each([
    [{ round: 5, base_round: 3 }, 2],
    [{ round: 5, base_round: 5 }, 0],
    [{ round: 5 }, undefined],
    [{ base_round: 5, round: null }, undefined],
  ])("of %j is %s", (client, rounds) => {
    expect(staleness(client)).toBe(rounds);
  });
});
