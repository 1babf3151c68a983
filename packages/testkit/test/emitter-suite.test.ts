import * as nodeTest from "node:test";
import type { BatchEmitter, Emitter, WriteResult } from "@hivewatch/core";
import { describe, expect, it } from "vitest";
import { type EmitterSuiteOptions, emitterSuite, type TestFunctions } from "../src/index.ts";

/** Runs the suite on an emitter, and returns the names of the tests that failed, with what they said. */
async function failures(create: () => Emitter, answers?: EmitterSuiteOptions["answers"]): Promise<Map<string, string>> {
  const tests: [name: string, body: () => Promise<void>][] = [];
  const test: TestFunctions = {
    describe: (_name, body) => body(),
    it: (name, body) => tests.push([name, body]),
  };
  emitterSuite({ test, create, answers });
  expect(tests.length).toBeGreaterThan(15);
  const failed = new Map<string, string>();
  for (const [name, body] of tests) {
    await body().catch((error: unknown) => failed.set(name, error instanceof Error ? error.message : "?"));
  }
  return failed;
}

function writing(write: BatchEmitter["write"], more: Partial<BatchEmitter> = {}): () => Emitter {
  return () => ({ name: "tested", write, ...more });
}

const DELIVERED: WriteResult = { status: "delivered" };

describe("emitterSuite", () => {
  it("passes an emitter that keeps the contract", async () => {
    expect(await failures(writing(() => DELIVERED))).toEqual(new Map());
  });

  it("finds an emitter that throws", async () => {
    const failed = await failures(
      writing((batch) => {
        for (const event of batch) if (event.event_type === "privacy_budget") throw new Error("unknown event");
        return DELIVERED;
      }),
    );
    expect([...failed.keys()]).toEqual([
      'takes the recorded run "troubled" as one batch',
      'takes the recorded run "troubled" event by event',
      "takes unknown types and fields",
    ]);
    expect(failed.get("takes unknown types and fields")).toBe("write must answer, not throw: unknown event");
  });

  it("finds an emitter that changes what it is given", async () => {
    const failed = await failures(
      writing((batch) => {
        const clients = batch[0]?.clients;
        if (Array.isArray(clients)) clients.pop();
        return DELIVERED;
      }),
    );
    expect(failed.get('takes the recorded run "complete" event by event')).toContain("write must answer, not throw");
  });

  it("finds an emitter that can't take a number that isn't finite", async () => {
    const failed = await failures(
      writing((batch) => {
        for (const { clients } of batch) {
          if (Array.isArray(clients) && clients.some((client) => Number.isNaN(client.local_loss)))
            throw new RangeError("NaN");
        }
        return DELIVERED;
      }),
    );
    expect(failed.has("takes values that aren't finite")).toBe(true);
  });

  it("finds a hook that throws", async () => {
    const failed = await failures(() => ({
      name: "hooks",
      onRound: ({ num_selected }) => {
        if (num_selected === undefined) throw new Error("who?");
      },
    }));
    expect(failed.get("takes nothing but what must be there")).toContain("no hook may throw, but onRound: who?");
  });

  it("finds answers that are none, and refusals without a reason", async () => {
    const wrong: unknown[] = [
      undefined,
      { status: "ok" },
      { status: "refused", reason: "" },
      { status: "retry", afterMs: -1 },
    ];
    for (const answer of wrong) {
      const emitter: Emitter = { name: "js", write: () => JSON.parse(JSON.stringify(answer ?? null)) };
      expect((await failures(() => emitter, ["delivered", "refused", "retry"])).size).toBeGreaterThan(15);
    }
  });

  it("takes the answers that the emitter's author says are right, and no others", async () => {
    const refusing = writing(() => ({ status: "refused", reason: "too long" }));
    expect((await failures(refusing)).get("takes an empty batch")).toBe(
      'write answered "refused": too long, not delivered',
    );
    expect((await failures(refusing, ["delivered", "refused"])).size).toBe(0);
    expect((await failures(writing(() => ({ ...DELIVERED, refused: 1 })))).size).toBeGreaterThan(15);
  });

  it("finds an emitter that can't be closed twice", async () => {
    const failed = await failures(() => {
      let isOpen = true;
      return {
        name: "once",
        write: () => DELIVERED,
        finish() {
          if (!isOpen) throw new Error("not open");
          isOpen = false;
        },
      };
    });
    expect([...failed.keys()]).toEqual([
      "may be closed without having been used, and twice",
      "may be closed twice after it was used",
    ]);
  });

  it("finds an emitter without a name", async () => {
    expect([...(await failures(() => ({ name: " ", write: () => DELIVERED }))).keys()]).toEqual([
      "has a name, and the version of the contract",
    ]);
  });

  it("can be given the functions of node:test", () => {
    const functions: TestFunctions = nodeTest;
    expect(functions.it).toBeTypeOf("function");
  });
});
