import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type BatchEmitter, createRun, type Emitter, type HiveEvent, memoryEmitter } from "../src/index.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const HANGING: Emitter = { name: "hanging", write: () => new Promise(() => {}) };
const THROWING: Emitter = {
  name: "throwing",
  write: () => {
    throw new Error("boom");
  },
};

function withoutTimes(events: readonly HiveEvent[]): Record<string, unknown>[] {
  return events.map(({ timestamp: _timestamp, started_at: _startedAt, ...rest }) => rest);
}

describe("a run", () => {
  it("turns each call into the event of that name", async () => {
    const memory = memoryEmitter();
    const run = createRun({ runId: "r", algorithm: "FedProx", config: { mu: 0.1 }, emitters: [memory] });
    run.setServerMetadata({ city: "Geneva" });
    run.roundStart(0, ["a", "b"]);
    run.roundStart(1);
    run.logClientUpdate("a", { round: 0, local_loss: 0.5, custom: "x" });
    run.logClientUpdate("b");
    run.logDropout(0, "b");
    run.logDropout(0, "b", "power failure");
    run.logCommFailure(0, "c", "timeout");
    run.logEvent("client_recovered", { round: 1, client_id: "c" });
    run.logEvent("privacy_budget", { epsilon: 1.5 });
    run.logCheckpoint(0, "m.bin", { epoch: 1 });
    run.logRound(0, { global_loss: 0.4 });
    await expect(run.finish({ status: "failed", reason: "disk full" })).resolves.toBe(true);
    const base = { run_id: "r" };
    expect(withoutTimes(memory.events)).toEqual([
      { ...base, event_type: "init", algorithm: "FedProx", config: { mu: 0.1 } },
      { ...base, event_type: "server_metadata", server: { city: "Geneva" } },
      { ...base, event_type: "round_start", round: 0, selected: ["a", "b"] },
      { ...base, event_type: "round_start", round: 1 },
      {
        ...base,
        event_type: "client_update",
        round: 0,
        clients: [{ client_id: "a", round: 0, local_loss: 0.5, custom: "x", status: "active" }],
      },
      { ...base, event_type: "client_update", round: null, clients: [{ client_id: "b", status: "active" }] },
      {
        ...base,
        event_type: "client_dropout",
        round: 0,
        clients: [{ client_id: "b", status: "dropped" }],
        reason: "unknown",
      },
      {
        ...base,
        event_type: "client_dropout",
        round: 0,
        clients: [{ client_id: "b", status: "dropped" }],
        reason: "power failure",
      },
      { ...base, event_type: "comm_failure", round: 0, client_id: "c", reason: "timeout" },
      { ...base, event_type: "client_recovered", round: 1, client_id: "c" },
      { ...base, event_type: "privacy_budget", epsilon: 1.5 },
      { ...base, event_type: "checkpoint", round: 0, path: "m.bin", metadata: { epoch: 1 } },
      { ...base, event_type: "round_end", round: 0, round_metrics: { global_loss: 0.4 }, clients: [] },
      { ...base, event_type: "finished", status: "failed", reason: "disk full" },
    ]);
  });

  it("needs no options", async () => {
    const run = createRun();
    expect(run.runId).toMatch(/^run-/);
    await expect(run.finish()).resolves.toBe(true);
  });

  it("notes the time of the call", async () => {
    vi.setSystemTime(Date.UTC(2026, 0, 1));
    const memory = memoryEmitter();
    const run = createRun({ emitters: [memory] });
    vi.setSystemTime(Date.UTC(2026, 0, 2));
    run.roundStart(1);
    run.logEvent("replayed", { timestamp: "2025-01-01T00:00:00Z" });
    await run.finish();
    expect(memory.events.map((event) => event.timestamp)).toEqual([
      "2026-01-01T00:00:00.000000+00:00",
      "2026-01-02T00:00:00.000000+00:00",
      "2025-01-01T00:00:00Z",
      "2026-01-02T00:00:00.000000+00:00",
    ]);
  });

  it("keeps its own id, whatever an event's fields say", async () => {
    const memory = memoryEmitter();
    const run = createRun({ runId: "mine", emitters: [memory] });
    run.logEvent("note", { run_id: "other", event_type: "another" });
    await run.finish();
    expect(memory.events[1]).toMatchObject({ run_id: "mine", event_type: "note" });
  });

  it("throws at the call, naming what is wrong, and logs nothing", async () => {
    const memory = memoryEmitter();
    const run = createRun({ emitters: [memory] });
    expect(() => run.logClientUpdate("a", { round: 1, lat: 100 })).toThrow("client.lat must be degrees from -90 to 90");
    expect(() => run.logClientUpdate("", {})).toThrow("client.client_id");
    expect(() => run.roundStart(-1)).toThrow("round_start.round must be a whole number from 0, but it is -1");
    expect(() => run.logRound(1.5)).toThrow("round_end.round");
    expect(() => createRun({ runId: "a/b" })).toThrow(`run id "a/b"`);
    await run.finish();
    expect(memory.events).toHaveLength(2);
  });

  it("gives emitters a copy that neither the caller nor another emitter can change", async () => {
    const memory = memoryEmitter();
    const vandal: BatchEmitter = {
      name: "vandal",
      write(batch) {
        const clients = batch[1]?.clients;
        if (Array.isArray(clients)) clients[0].local_loss = 99;
        return { status: "delivered" };
      },
    };
    const config = { lr: { initial: 0.1 } };
    const run = createRun({ config, emitters: [vandal, memory] });
    const metrics = { round: 1, local_loss: 1, per_class: [1, 2] };
    run.logClientUpdate("a", metrics);
    config.lr.initial = 9;
    metrics.local_loss = 9;
    metrics.per_class.push(9);
    await expect(run.finish()).resolves.toBe(false);
    expect(memory.events[0]).toMatchObject({ config: { lr: { initial: 0.1 } } });
    expect(memory.events[1]).toMatchObject({ clients: [{ local_loss: 1, per_class: [1, 2] }] });
    expect(run.stats[0]).toMatchObject({ name: "vandal", refused: 3 });
    // The caller's own objects stay as they were: his to change.
    expect(Object.isFrozen(config.lr)).toBe(false);
  });

  it("delivers everything to the others when emitters throw, hang, reject or are slow", async () => {
    const memory = memoryEmitter();
    const slowly: HiveEvent[] = [];
    const slow: Emitter = {
      name: "slow",
      async onClientUpdate() {
        await new Promise((resolve) => setTimeout(resolve, 1000));
      },
      onFinished(event) {
        slowly.push(event);
      },
    };
    const rejecting: Emitter = { name: "rejecting", write: () => Promise.reject(new Error("boom")) };
    const said: string[] = [];
    const run = createRun({
      emitters: [HANGING, THROWING, rejecting, slow, memory],
      onDiagnostic: (message) => said.push(message),
    });
    for (let i = 0; i < 5; i++) run.logClientUpdate(`client-${i}`, { round: 1 });
    const finishing = run.finish({ timeoutMs: 6000 });
    await vi.advanceTimersByTimeAsync(5999);
    expect(memory.events).toHaveLength(7);
    expect(slowly).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    await expect(finishing).resolves.toBe(false);
    expect(run.stats.map(({ name, queued, delivered, refused }) => [name, queued, delivered, refused])).toEqual([
      ["hanging", 7, 0, 0],
      ["throwing", 0, 0, 7],
      ["rejecting", 0, 0, 7],
      ["slow", 0, 7, 0],
      ["memory", 0, 7, 0],
    ]);
    expect(said).toEqual(["[throwing] refused 7 events: boom", "[rejecting] refused 7 events: boom"]);
  });

  it("returns at once from every call, though nothing is ever delivered", () => {
    const run = createRun({ emitters: [HANGING], maxQueue: 100 });
    for (let i = 0; i < 1000; i++) run.logClientUpdate("a", { round: i });
    expect(run.stats[0]).toMatchObject({ queued: 100, dropped: 901 });
  });

  describe("finish", () => {
    it("waits 10 s for an emitter that hangs, unless told otherwise, and leaves no timer", async () => {
      const run = createRun({ emitters: [HANGING] });
      let complete: boolean | undefined;
      run.finish().then((result) => {
        complete = result;
      });
      await vi.advanceTimersByTimeAsync(9_999);
      expect(complete).toBeUndefined();
      await vi.advanceTimersByTimeAsync(1);
      expect(complete).toBe(false);
      expect(vi.getTimerCount()).toBe(0);
    });

    it("waits as long as it takes when it may wait for ever", async () => {
      let answered = false;
      const patient: Emitter = {
        name: "patient",
        write: () => ({ status: answered ? "delivered" : "retry", afterMs: 3_600_000 }),
      };
      const run = createRun({ emitters: [patient] });
      const finishing = run.finish({ timeoutMs: Number.POSITIVE_INFINITY });
      await vi.advanceTimersByTimeAsync(3_600_000);
      answered = true;
      await vi.advanceTimersByTimeAsync(3_600_000);
      await expect(finishing).resolves.toBe(true);
      expect(vi.getTimerCount()).toBe(0);
    });

    it("is done once; a second call waits for the same and answers the same", async () => {
      const memory = memoryEmitter();
      const run = createRun({ emitters: [memory, THROWING] });
      const both = [run.finish({ status: "aborted" }), run.finish()];
      await expect(Promise.all(both)).resolves.toEqual([false, false]);
      await expect(run.finish()).resolves.toBe(false);
      expect(memory.events.map((event) => event.status)).toEqual([undefined, "aborted"]);
    });

    it("is the end: every call after it throws", async () => {
      const run = createRun({ runId: "over" });
      const finishing = run.finish();
      const finished = expect.objectContaining({ code: "finished" });
      expect(() => run.roundStart(1)).toThrow(finished);
      expect(() => run.logClientUpdate("a")).toThrow("run over has finished: start another one with init()");
      expect(() => run.logEvent("note")).toThrow(finished);
      await finishing;
    });

    it("rejects a reason that is none, and may be called again", async () => {
      const run = createRun();
      const wrong: unknown = { status: "done" };
      await expect(Reflect.apply(run.finish, run, [wrong])).rejects.toThrow("status must be one of");
      await expect(run.finish()).resolves.toBe(true);
    });
  });

  it("is finished at the end of its block", async () => {
    const memory = memoryEmitter();
    {
      await using run = createRun({ emitters: [memory] });
      run.roundStart(1);
    }
    expect(memory.events.at(-1)).toMatchObject({ event_type: "finished", status: "completed" });
  });

  it("keeps the status that it was finished with inside of its block", async () => {
    const memory = memoryEmitter();
    {
      await using run = createRun({ emitters: [memory] });
      await run.finish({ status: "failed" });
    }
    expect(memory.events.at(-1)).toMatchObject({ event_type: "finished", status: "failed" });
  });
});
