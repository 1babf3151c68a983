import { context } from "@opentelemetry/api";
import { expect, it } from "vitest";
import { exportOnce } from "../src/pipeline/export-once.ts";
import type { Exporter, ExportResult } from "../src/pipeline/sdk.ts";

const NEVER = new AbortController().signal;

function exporter(run: (onResult: (result: ExportResult) => void) => unknown): Exporter<string> {
  return { export: (_items, onResult) => run(onResult), shutdown: async () => {} };
}

it("waits for the first answer, and hears no other one", async () => {
  const twice = exporter((onResult) => {
    onResult({ code: 1, error: new Error("no") });
    onResult({ code: 0 });
  });
  expect(await exportOnce(twice, "x", NEVER)).toMatchObject({ error: { message: "no" }, isThrown: false });
  expect(
    await exportOnce(
      exporter((onResult) => onResult({ code: 0 })),
      "x",
      NEVER,
    ),
  ).toBeUndefined();
});

it("takes a throw and a rejection for failures", async () => {
  const thrown = exporter(() => {
    throw new Error("thrown");
  });
  expect(await exportOnce(thrown, "x", NEVER)).toMatchObject({ error: { message: "thrown" }, isThrown: true });
  // Some reject with a list of errors.
  const rejected = exporter(() => Promise.reject([new Error("rejected")]));
  expect(await exportOnce(rejected, "x", NEVER)).toMatchObject({ error: [{ message: "rejected" }], isThrown: false });
});

it("hands over nothing once nobody waits, and waits for nobody who never answers", async () => {
  let isCalled = false;
  const silent = exporter(() => {
    isCalled = true;
  });
  expect(await exportOnce(silent, "x", AbortSignal.abort())).toMatchObject({ isThrown: false });
  expect(isCalled).toBe(false);
  const stop = new AbortController();
  const waiting = exportOnce(silent, "x", stop.signal);
  stop.abort();
  expect(await waiting).toMatchObject({ isThrown: false });
});

it("leaves nothing behind in the program's context", async () => {
  const before = context.active();
  await exportOnce(
    exporter((onResult) => onResult({ code: 0 })),
    "x",
    NEVER,
  );
  expect(context.active()).toBe(before);
});
