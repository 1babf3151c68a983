import { describe, expect, it } from "vitest";
import { hooksAsBatches } from "../src/hooks.ts";
import type { ClientMetrics, HookEmitter, RoundSummary } from "../src/index.ts";
import { eventsOf, update } from "./events-of.ts";

const NEVER = new AbortController().signal;
const fail = (hook: string, thrown: unknown): never => {
  throw new Error(`${hook} failed`, { cause: thrown });
};

/** An emitter that notes which rounds it was told of. */
function roundsEmitter() {
  const rounds: { summary: RoundSummary; clients: readonly ClientMetrics[] }[] = [];
  const emitter: HookEmitter = {
    name: "rounds",
    onRound: (summary, clients) => {
      rounds.push({ summary, clients });
    },
  };
  return { rounds, target: hooksAsBatches(emitter, fail) };
}

const ROUND = [
  { event_type: "round_start", round: 1, selected: ["a", "b"] },
  update("a", 1, { local_loss: 1, num_samples: 1, bytes_sent: 7 }),
  { event_type: "round_end", round: 1, round_metrics: { global_loss: 2 } },
];

describe("an emitter with hooks", () => {
  it("is told of each thing by its hook, in order, one after the other", async () => {
    const calls: unknown[] = [];
    const note =
      (hook: string) =>
      async (...args: unknown[]): Promise<void> => {
        calls.push([`${hook} begins`, args[0]]);
        await Promise.resolve();
        calls.push(`${hook} ends`);
      };
    const emitter: HookEmitter = {
      name: "all",
      onInit: note("init"),
      onServerMetadata: note("server"),
      onRoundStart: note("start"),
      onClientUpdate: note("client"),
      onDropout: note("dropout"),
      onCommFailure: note("failure"),
      onCheckpoint: note("checkpoint"),
      onFinished: note("finished"),
      finish: note("finish"),
    };
    const target = hooksAsBatches(emitter, fail);
    const events = eventsOf(
      { event_type: "init" },
      { event_type: "server_metadata", server: {} },
      { event_type: "round_start", round: 1 },
      { event_type: "client_update", round: 1, clients: [{ client_id: "a" }, { client_id: "b", round: 2 }] },
      { event_type: "client_metric", round: 1, clients: [{ client_id: "a" }] },
      { event_type: "client_dropout", round: 1, clients: [] },
      { event_type: "comm_failure", round: 1, client_id: "a" },
      { event_type: "checkpoint", round: 1, path: "x" },
      { event_type: "something_new", round: 1 },
      { event_type: "finished" },
    );
    expect(await target.write(events, NEVER)).toEqual({ status: "delivered", refused: 0 });
    await target.finish?.();
    const begun = calls.filter(Array.isArray);
    expect(begun.map(([hook]) => hook)).toEqual([
      "init begins",
      "server begins",
      "start begins",
      "client begins",
      "client begins",
      "dropout begins",
      "failure begins",
      "checkpoint begins",
      "finished begins",
      "finish begins",
    ]);
    expect(begun[0]?.[1]).toEqual(events[0]);
    expect([begun[3]?.[1], begun[4]?.[1]]).toEqual([
      { client_id: "a", round: 1, status: "active" },
      { client_id: "b", round: 2, status: "active" },
    ]);
    expect(calls.every((call, i) => typeof call === "string" || typeof calls[i + 1] === "string")).toBe(true);
  });

  it("gets a round's derived figures and its clients", async () => {
    const { rounds, target } = roundsEmitter();
    await target.write(eventsOf({ event_type: "init" }, ...ROUND), NEVER);
    expect(rounds).toHaveLength(1);
    expect(rounds[0]?.summary).toMatchObject({
      round: 1,
      global_loss: 2,
      num_selected: 2,
      num_completed: 1,
      participation: 0.5,
      total_bytes_up: 7,
      clients_loss: 1,
    });
    expect(rounds[0]?.clients).toMatchObject([{ client_id: "a", local_loss: 1 }]);
  });

  it("gets the same figures however the events were batched", async () => {
    const { rounds, target } = roundsEmitter();
    for (const event of eventsOf({ event_type: "init" }, ...ROUND)) await target.write([event], NEVER);
    expect(rounds[0]?.summary).toMatchObject({ num_completed: 1, clients_loss: 1 });
  });

  it("gets interleaved rounds apart from each other", async () => {
    const { rounds, target } = roundsEmitter();
    await target.write(
      eventsOf(
        update("a", 1, { local_loss: 1 }),
        update("a", 2, { local_loss: 2 }),
        { event_type: "round_end", round: 2 },
        update("b", 1, { local_loss: 3 }),
        { event_type: "round_end", round: 1 },
      ),
      NEVER,
    );
    expect(rounds.map(({ summary }) => [summary.round, summary.num_completed, summary.clients_loss])).toEqual([
      [2, 1, 2],
      [1, 2, 2],
    ]);
  });

  it("is not told that nobody took part when a round's figures come a second time", async () => {
    const { rounds, target } = roundsEmitter();
    await target.write(
      eventsOf(...ROUND, { event_type: "round_end", round: 1, round_metrics: { global_loss: 3 } }),
      NEVER,
    );
    const { global_loss, num_selected, num_completed, participation } = rounds[1]?.summary ?? {};
    expect([global_loss, num_selected, num_completed, participation]).toEqual([3, undefined, undefined, undefined]);
  });

  it("begins anew with another run", async () => {
    const { rounds, target } = roundsEmitter();
    await target.write(
      eventsOf(update("a", 1), { event_type: "init" }, update("b", 1), { event_type: "round_end", round: 1 }),
      NEVER,
    );
    expect(rounds[0]?.clients).toMatchObject([{ client_id: "b" }]);
  });

  it("forgets rounds that never end, the oldest first", async () => {
    const { rounds, target } = roundsEmitter();
    const many = Array.from({ length: 150 }, (_, round) => update("a", round, { local_loss: 1 }));
    await target.write(
      eventsOf(...many, { event_type: "round_end", round: 0 }, { event_type: "round_end", round: 149 }),
      NEVER,
    );
    expect(rounds.map(({ summary }) => summary.clients_loss)).toEqual([undefined, 1]);
  });

  it("may throw: the other hooks are called, the error is told, and the event counts as refused", async () => {
    const told: unknown[] = [];
    const seen: string[] = [];
    const emitter: HookEmitter = {
      name: "broken",
      onClientUpdate(client) {
        if (client.client_id === "b") throw new Error("no b");
        seen.push(client.client_id);
      },
      onRound: () => Promise.reject(new Error("no rounds")),
      onFinished: () => {
        seen.push("finished");
      },
    };
    const target = hooksAsBatches(emitter, (hook, thrown) => told.push([hook, thrown]));
    const result = await target.write(
      eventsOf(
        {
          event_type: "client_update",
          round: 1,
          clients: [{ client_id: "a" }, { client_id: "b" }, { client_id: "b" }, { client_id: "c" }],
        },
        { event_type: "round_end", round: 1 },
        { event_type: "finished" },
      ),
      NEVER,
    );
    expect(seen).toEqual(["a", "c", "finished"]);
    expect(told).toEqual([
      ["onClientUpdate", new Error("no b")],
      ["onClientUpdate", new Error("no b")],
      ["onRound", new Error("no rounds")],
    ]);
    expect(result).toEqual({ status: "delivered", refused: 2 });
  });

  it("may be an instance of a class", async () => {
    class Counter implements HookEmitter {
      readonly name = "counter";
      count = 0;
      onFinished(): void {
        this.count++;
      }
      finish(): void {
        this.count += 10;
      }
    }
    const counter = new Counter();
    const target = hooksAsBatches(counter, fail);
    await target.write(eventsOf({ event_type: "finished" }), NEVER);
    await target.finish?.();
    expect(counter.count).toBe(11);
  });
});
