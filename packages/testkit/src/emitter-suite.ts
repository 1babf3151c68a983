import assert from "node:assert/strict";
import {
  type BatchEmitter,
  type Emitter,
  errorMessage,
  type HiveEvent,
  hooksAsBatches,
  type WriteResult,
} from "@hivewatch/core";
import { deepFreeze } from "./deep-freeze.ts";
import { ODD_RUNS } from "./odd-runs.ts";
import { RECORDED_STREAMS, recordedStream } from "./recorded-stream.ts";

/** What the suite needs of a test framework; those of Vitest, Jest and `node:test` will do. */
export interface TestFunctions {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => Promise<void>): unknown;
}

export interface EmitterSuiteOptions {
  test: TestFunctions;
  /** Makes a new emitter, for each test. The test closes it. */
  create: () => Emitter | Promise<Emitter>;
  /**
   * Which answers of `write` are right. Default `["delivered"]`: the destination is there and takes whatever core takes.
   * Add `refused` if it has limits of its own, or `retry` if it isn't there during the test.
   */
  answers?: readonly WriteResult["status"][] | undefined;
}

/** Defines the tests that every emitter must pass. */
export function emitterSuite({ test, create, answers = ["delivered"] }: EmitterSuiteOptions): void {
  const { describe, it } = test;

  /** Writes each batch to a new emitter, closes it, and checks how it answered. */
  async function play(...batches: readonly (readonly HiveEvent[])[]): Promise<void> {
    const { emitter, errors } = await open(create);
    const written: WriteResult[] = [];
    try {
      for (const batch of batches) written.push(await writeTo(emitter, deepFreeze(batch)));
    } finally {
      await emitter.finish?.();
    }
    assert.equal(errors.length, 0, `no hook may throw, but ${errors.join("; ")}`);
    for (const [i, batch] of batches.entries()) checkAnswer(written[i], batch, answers);
  }

  describe("the emitter contract", () => {
    it("has a name, and the version of the contract", async () => {
      const emitter = await create();
      await emitter.finish?.();
      assert.match(emitter.name, /\S/);
      assert.ok(emitter.specVersion === undefined || emitter.specVersion === 1, "specVersion must be 1");
    });

    for (const name of RECORDED_STREAMS) {
      it(`takes the recorded run "${name}" as one batch`, () => play(recordedStream(name)));
      it(`takes the recorded run "${name}" event by event`, () =>
        play(...recordedStream(name).map((event) => [event])));
    }

    for (const [oddity, events] of Object.entries(ODD_RUNS)) it(`takes ${oddity}`, () => play(events));

    it("takes an empty batch", () => play([]));

    it("takes what comes without the beginning of its run", () => play(recordedStream("complete").slice(5)));

    it("answers when core no longer waits", async () => {
      const { emitter } = await open(create);
      try {
        const answer = await writeTo(emitter, deepFreeze(recordedStream("complete")), AbortSignal.abort());
        checkAnswer(answer, [], ["delivered", "retry", "refused"]);
      } finally {
        await emitter.finish?.();
      }
    });

    it("may be closed without having been used, and twice", async () => {
      const { emitter } = await open(create);
      await emitter.finish?.();
      await emitter.finish?.();
    });

    it("may be closed twice after it was used", async () => {
      const { emitter } = await open(create);
      await writeTo(emitter, deepFreeze(recordedStream("complete")));
      await emitter.finish?.();
      await emitter.finish?.();
    });
  });
}

/** A new emitter in the form that core delivers to, and what its hooks throw. */
async function open(create: EmitterSuiteOptions["create"]): Promise<{ emitter: BatchEmitter; errors: string[] }> {
  const emitter = await create();
  const errors: string[] = [];
  if ("write" in emitter) return { emitter, errors };
  const onError = (hook: string, thrown: unknown): void => {
    errors.push(`${hook}: ${errorMessage(thrown)}`);
  };
  return { emitter: hooksAsBatches(emitter, onError), errors };
}

async function writeTo(
  emitter: BatchEmitter,
  batch: readonly HiveEvent[],
  signal = new AbortController().signal,
): Promise<WriteResult> {
  try {
    return await emitter.write(batch, signal);
  } catch (cause) {
    throw new assert.AssertionError({ message: `write must answer, not throw: ${errorMessage(cause)}` });
  }
}

function checkAnswer(
  answer: WriteResult | undefined,
  batch: readonly HiveEvent[],
  answers: readonly WriteResult["status"][],
): void {
  assert.ok(typeof answer === "object" && answer !== null, "write must answer with an object");
  const said = "reason" in answer && answer.reason !== undefined ? `: ${answer.reason}` : "";
  assert.ok(answers.includes(answer.status), `write answered "${answer.status}"${said}, not ${answers.join(" or ")}`);
  if (answer.status === "refused") assert.match(answer.reason, /\S/, "a refusal must have a reason");
  if (answer.status === "retry" && answer.afterMs !== undefined) {
    assert.ok(answer.afterMs >= 0, `afterMs must be milliseconds from 0, not ${answer.afterMs}`);
  }
  if (answer.status === "delivered") checkRefused(answer.refused ?? 0, batch, answers);
}

function checkRefused(refused: number, batch: readonly HiveEvent[], answers: readonly WriteResult["status"][]): void {
  assert.ok(
    Number.isInteger(refused) && refused >= 0 && refused <= batch.length,
    `refused must count events, not ${refused}`,
  );
  if (!answers.includes("refused")) assert.equal(refused, 0, "every event must be taken");
}
