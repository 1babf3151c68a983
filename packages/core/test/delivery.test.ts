import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Delivery, type DeliveryOptions, startDelivery } from "../src/delivery.ts";
import type { BatchEmitter, HiveEvent, WriteResult } from "../src/index.ts";
import { eventsOf, update } from "./events-of.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const NEVER = new AbortController().signal;

/** An emitter that gives these answers in turn, then takes everything; it notes what it was given. */
function scripted(...answers: readonly (WriteResult | Error)[]): BatchEmitter & { batches: (readonly HiveEvent[])[] } {
  const left = [...answers];
  const batches: (readonly HiveEvent[])[] = [];
  return {
    name: "scripted",
    batches,
    write(batch) {
      batches.push(batch);
      const answer = left.shift() ?? { status: "delivered" };
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
}

/** An emitter whose writes are answered by hand. */
function manual() {
  const waiting: ((result: WriteResult) => void)[] = [];
  const batches: (readonly HiveEvent[])[] = [];
  const emitter: BatchEmitter = {
    name: "manual",
    write(batch) {
      batches.push(batch);
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
  return { emitter, batches, answer: (result: WriteResult) => waiting.shift()?.(result) };
}

const DELIVERED: WriteResult = { status: "delivered" };

function updates(count: number, round = 1): HiveEvent[] {
  return eventsOf(...Array.from({ length: count }, (_, i) => update(`client-${i}`, round)));
}

function lifecycle(count: number): HiveEvent[] {
  return eventsOf(...Array.from({ length: count }, (_, i) => ({ event_type: "round_start", round: i })));
}

/** Starts a delivery that keeps what it says. */
function start(emitter: BatchEmitter, options: DeliveryOptions = {}) {
  const said: string[] = [];
  const delivery = startDelivery(emitter, { ...options, onDiagnostic: (message) => said.push(message) });
  return { delivery, said };
}

function pushAll(delivery: Delivery, events: readonly HiveEvent[]): void {
  for (const event of events) delivery.push(event);
}

/** Lets everything happen that waits for no timer. */
async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

describe("startDelivery", () => {
  it("hands events over in order, in batches, after the caller has gone on", async () => {
    const emitter = scripted();
    const { delivery } = start(emitter, { maxBatch: 2 });
    const events = updates(5);
    pushAll(delivery, events);
    expect(emitter.batches).toEqual([]);
    expect(delivery.stats.queued).toBe(5);
    await settle();
    expect(emitter.batches.map((batch) => batch.length)).toEqual([2, 2, 1]);
    expect(emitter.batches.flat()).toEqual(events);
    expect(delivery.stats).toMatchObject({ name: "scripted", queued: 0, delivered: 5, dropped: 0, refused: 0 });
  });

  it("never calls write before the last call was answered", async () => {
    const { emitter, batches, answer } = manual();
    const { delivery } = start(emitter);
    pushAll(delivery, updates(1));
    await settle();
    pushAll(delivery, updates(3));
    await settle();
    expect(batches).toHaveLength(1);
    answer(DELIVERED);
    await settle();
    expect(batches.map((batch) => batch.length)).toEqual([1, 3]);
  });

  it("delivers what is pushed in the moment in which it has just become idle", async () => {
    // Pushes at every microtask around the end of the first batch; one that fell between would lie there for ever.
    for (let turns = 0; turns < 12; turns++) {
      const emitter = scripted();
      const { delivery } = start(emitter);
      pushAll(delivery, updates(1));
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      pushAll(delivery, updates(1));
      await settle();
      expect(emitter.batches.flat(), `after ${turns} turns`).toHaveLength(2);
    }
  });

  describe("when an emitter answers retry", () => {
    it("sends the same batch again, after growing pauses of up to 30 s", async () => {
      const emitter = scripted(...Array.from({ length: 10 }, (): WriteResult => ({ status: "retry" })));
      const { delivery } = start(emitter);
      pushAll(delivery, updates(1));
      await settle();
      const pauses: number[] = [];
      for (let attempts = 1; attempts <= 10; attempts++) {
        expect(emitter.batches).toHaveLength(attempts);
        const before = Date.now();
        await vi.advanceTimersToNextTimerAsync();
        pauses.push(Date.now() - before);
      }
      expect(pauses).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
      expect(new Set(emitter.batches).size).toBe(1);
      expect(delivery.stats).toMatchObject({ queued: 0, delivered: 1 });
    });

    it("waits as long as it is told", async () => {
      const emitter = scripted({ status: "retry", afterMs: 70_000 });
      const { delivery } = start(emitter);
      pushAll(delivery, updates(1));
      await vi.advanceTimersByTimeAsync(69_999);
      expect(emitter.batches).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(1);
      expect(emitter.batches).toHaveLength(2);
    });

    it("doesn't ask again at once when told to wait for ever", async () => {
      const emitter = scripted({ status: "retry", afterMs: Number.POSITIVE_INFINITY });
      const { delivery } = start(emitter);
      pushAll(delivery, updates(1));
      await vi.advanceTimersByTimeAsync(3_600_000);
      expect(emitter.batches).toHaveLength(1);
    });

    it("keeps what comes meanwhile, and counts what waits for an answer", async () => {
      const emitter = scripted({ status: "retry" });
      const { delivery, said } = start(emitter);
      pushAll(delivery, updates(2));
      await settle();
      pushAll(delivery, updates(1));
      expect(delivery.stats.queued).toBe(3);
      await vi.advanceTimersByTimeAsync(250);
      expect(delivery.stats).toMatchObject({ queued: 0, delivered: 3 });
      expect(said).toEqual(["[scripted] trying again: the destination is not ready"]);
    });

    it("says so once for each batch, with the reason", async () => {
      const retry: WriteResult = { status: "retry", reason: "503" };
      const { delivery, said } = start(scripted(retry, retry, retry));
      pushAll(delivery, updates(1));
      await vi.runAllTimersAsync();
      expect(said).toEqual(["[scripted] trying again: 503"]);
    });
  });

  describe("when an emitter refuses", () => {
    it("counts the batch, says why, and goes on", async () => {
      const { delivery, said } = start(scripted({ status: "refused", reason: "no such project" }), { maxBatch: 2 });
      pushAll(delivery, updates(3));
      await settle();
      expect(delivery.stats).toMatchObject({ delivered: 1, refused: 2 });
      expect(said).toEqual(["[scripted] refused 2 events: no such project"]);
    });

    it("counts single events that it would not take", async () => {
      const { delivery, said } = start(scripted({ status: "delivered", refused: 1, reason: "too long" }));
      pushAll(delivery, updates(3));
      await settle();
      expect(delivery.stats).toMatchObject({ delivered: 2, refused: 1 });
      expect(said).toEqual(["[scripted] refused 1 events: too long"]);
    });

    it("tells what else an emitter says with its answer", async () => {
      const { delivery, said } = start(scripted({ status: "delivered", reason: "of all clients, the first 20" }));
      pushAll(delivery, updates(3));
      await settle();
      expect(delivery.stats).toMatchObject({ delivered: 3, refused: 0 });
      expect(said).toEqual(["[scripted] of all clients, the first 20"]);
    });

    it("takes a throw and a rejection for a refusal", async () => {
      const { delivery } = start(scripted(new Error("boom")));
      pushAll(delivery, updates(1));
      await settle();
      expect(delivery.stats.refused).toBe(1);
      const rejecting = start({ name: "rejecting", write: () => Promise.reject(new Error("boom")) });
      pushAll(rejecting.delivery, updates(1));
      await settle();
      expect(rejecting.delivery.stats.refused).toBe(1);
      expect(rejecting.said).toEqual(["[rejecting] refused 1 events: boom"]);
    });

    it.each([undefined, null, true, {}, { status: "ok" }])("takes the answer %j for a refusal", async (answer) => {
      const emitter: BatchEmitter = { name: "js", write: vi.fn().mockResolvedValue(answer) };
      const { delivery, said } = start(emitter);
      pushAll(delivery, updates(1));
      await settle();
      expect(delivery.stats.refused).toBe(1);
      expect(said[0]).toContain("write must answer with a status, but it answered");
    });
  });

  describe("when the queue is full", () => {
    it("drops the oldest telemetry first, and counts it", async () => {
      const { emitter, batches, answer } = manual();
      const { delivery, said } = start(emitter, { maxQueue: 4 });
      pushAll(delivery, updates(1));
      await settle();
      const [first, second, third] = updates(3, 2);
      const [roundA, roundB, roundC] = lifecycle(3);
      if (!first || !second || !third || !roundA || !roundB || !roundC) throw new Error("too few events");
      pushAll(delivery, [roundA, first, second, roundB, third, roundC]);
      expect(delivery.stats).toMatchObject({ dropped: 2, queued: 5 });
      expect(said).toEqual(["[manual] the queue is full (4 events): dropping the oldest client telemetry"]);
      answer(DELIVERED);
      await settle();
      expect(batches[1]).toEqual([roundA, roundB, third, roundC]);
    });

    it("drops the oldest of the rest when there is no telemetry", async () => {
      const { emitter, batches, answer } = manual();
      const { delivery } = start(emitter, { maxQueue: 2 });
      pushAll(delivery, updates(1));
      await settle();
      const rounds = lifecycle(3);
      pushAll(delivery, rounds);
      answer(DELIVERED);
      await settle();
      expect(batches[1]).toEqual(rounds.slice(1));
      expect(delivery.stats.dropped).toBe(1);
    });

    it("is not complete at the end", async () => {
      const { delivery } = start(scripted(), { maxQueue: 1 });
      pushAll(delivery, updates(2));
      await expect(delivery.finish(NEVER)).resolves.toBe(false);
    });
  });

  it("survives a listener that throws", async () => {
    const listener = (): void => {
      throw new Error("listener");
    };
    const emitter = scripted({ status: "refused", reason: "x" }, { status: "retry" });
    const delivery = startDelivery(emitter, { maxQueue: 1, maxBatch: 1, onDiagnostic: listener });
    pushAll(delivery, updates(2));
    await settle();
    pushAll(delivery, updates(1));
    await vi.runAllTimersAsync();
    expect(delivery.stats).toMatchObject({ dropped: 1, refused: 1, delivered: 1 });
  });

  describe("finish", () => {
    it("hands over what waits, then closes the emitter, once", async () => {
      const calls: string[] = [];
      const emitter: BatchEmitter = {
        name: "x",
        write: (batch) => {
          calls.push(`write ${batch.length}`);
          return DELIVERED;
        },
        finish: () => {
          calls.push("finish");
        },
      };
      const { delivery } = start(emitter, { maxBatch: 2 });
      pushAll(delivery, updates(3));
      await expect(delivery.finish(NEVER)).resolves.toBe(true);
      expect(calls).toEqual(["write 2", "write 1", "finish"]);
    });

    it("waits out the pauses between attempts", async () => {
      const { delivery } = start(scripted({ status: "retry" }, { status: "retry" }));
      pushAll(delivery, updates(1));
      const finishing = delivery.finish(NEVER);
      await vi.advanceTimersByTimeAsync(750);
      await expect(finishing).resolves.toBe(true);
    });

    it("delivers what is pushed while it waits", async () => {
      const { emitter, batches, answer } = manual();
      const { delivery } = start(emitter);
      pushAll(delivery, updates(1));
      const finishing = delivery.finish(NEVER);
      await settle();
      pushAll(delivery, lifecycle(1));
      answer(DELIVERED);
      await settle();
      answer(DELIVERED);
      await expect(finishing).resolves.toBe(true);
      expect(batches.flat()).toHaveLength(2);
    });

    it("ends a pause when it is told to give up, leaves no timer, and counts what is left", async () => {
      const emitter = scripted(...Array.from({ length: 99 }, (): WriteResult => ({ status: "retry" })));
      const finish = vi.fn();
      const { delivery } = start({ ...emitter, finish }, { maxBatch: 2 });
      pushAll(delivery, updates(3));
      await settle();
      const abort = new AbortController();
      const finishing = delivery.finish(abort.signal);
      await settle();
      abort.abort();
      await expect(finishing).resolves.toBe(false);
      expect(vi.getTimerCount()).toBe(0);
      expect(delivery.stats).toMatchObject({ queued: 3, delivered: 0 });
      await settle();
      // It still may close its connections.
      expect(finish).toHaveBeenCalledOnce();
    });

    it("leaves a write that hangs, tells it so, and counts its batch as not delivered", async () => {
      let signal: AbortSignal | undefined;
      const emitter: BatchEmitter = {
        name: "hanging",
        write: (_batch, given) => {
          signal = given;
          return new Promise(() => {});
        },
      };
      const { delivery } = start(emitter, { maxBatch: 2 });
      pushAll(delivery, updates(3));
      await settle();
      const abort = new AbortController();
      const finishing = delivery.finish(abort.signal);
      expect(signal?.aborted).toBe(false);
      abort.abort();
      await expect(finishing).resolves.toBe(false);
      expect(signal?.aborted).toBe(true);
      expect(delivery.stats).toMatchObject({ queued: 3, delivered: 0 });
    });

    it("counts a write that was answered after all", async () => {
      const { emitter, answer } = manual();
      const { delivery } = start(emitter);
      pushAll(delivery, updates(1));
      await settle();
      await delivery.finish(AbortSignal.abort());
      answer(DELIVERED);
      await settle();
      expect(delivery.stats).toMatchObject({ queued: 0, delivered: 1 });
    });

    it("leaves an emitter that hangs while it closes", async () => {
      const { delivery } = start({ ...scripted(), finish: () => new Promise(() => {}) });
      pushAll(delivery, updates(1));
      const abort = new AbortController();
      const finishing = delivery.finish(abort.signal);
      await settle();
      abort.abort();
      await expect(finishing).resolves.toBe(false);
    });

    it("is not complete if the emitter fails to close: it may have held something", async () => {
      const finish = (): never => {
        throw new Error("disk full");
      };
      const { delivery, said } = start({ ...scripted(), finish });
      pushAll(delivery, updates(1));
      await expect(delivery.finish(NEVER)).resolves.toBe(false);
      expect(said).toEqual(["[scripted] finish failed: disk full"]);
    });

    it("takes nothing more afterwards", async () => {
      const emitter = scripted();
      const { delivery } = start(emitter);
      await expect(delivery.finish(NEVER)).resolves.toBe(true);
      pushAll(delivery, updates(1));
      await settle();
      expect(emitter.batches).toEqual([]);
    });
  });
});
