import { describe, expect, it } from "vitest";
import { checkRunId, HiveWatchError, isRunId, newRunId } from "../src/index.ts";

describe("a run's id", () => {
  it.each(["run-kqzv-4821", "a", "_x", "7", "exp 1 (b)", "lauf-ä", "x".repeat(128), "a.b", "a..b", "📈"])(
    "may be %j",
    (id) => {
      expect(isRunId(id)).toBe(true);
      expect(checkRunId(id)).toBe(id);
    },
  );

  it.each([
    "",
    ".",
    "..",
    ".hidden",
    "-rf",
    "../x",
    "a/b",
    "a\\b",
    "a\0b",
    "a\nb",
    "a:b",
    "a?",
    "<img>",
    "a.",
    "a ",
    "x".repeat(129),
    "\ud800",
    7,
    null,
    undefined,
    {},
  ])("may not be %j", (id) => {
    expect(isRunId(id)).toBe(false);
    expect(() => checkRunId(id)).toThrow(HiveWatchError);
  });

  it("is refused with a reason and what to do", () => {
    expect(() => checkRunId("a/b")).toThrow('run id "a/b" is not allowed: use 1 to 128 characters');
    expect(() => checkRunId("a/b")).toThrow(expect.objectContaining({ code: "invalid_run_id" }));
  });

  it("is new each time", () => {
    const ids = new Set(Array.from({ length: 1000 }, newRunId));
    expect(ids.size).toBe(1000);
    for (const id of ids) expect(id).toMatch(/^run-[a-z]{4}-\d{4}$/);
  });
});

describe("HiveWatchError", () => {
  it("is recognised over copies of the package", () => {
    class Other extends Error {
      override name = "HiveWatchError";
      code = "usage";
    }
    expect(HiveWatchError.is(new Other())).toBe(true);
    expect(HiveWatchError.is(new HiveWatchError("usage", "x"))).toBe(true);
    expect(HiveWatchError.is(new Error("x"))).toBe(false);
    expect(HiveWatchError.is({ name: "HiveWatchError", code: "usage" })).toBe(false);
  });
});
