import { beforeEach, describe, expect, it, vi } from "vitest";

beforeEach(() => {
  vi.resetModules();
});

/** The module as a program sees it that has just started. */
function load() {
  return import("../src/index.ts");
}

describe("the functions of the module", () => {
  it("say what to do before there is a run", async () => {
    const hivewatch = await load();
    const calls = [
      () => hivewatch.roundStart(1),
      () => hivewatch.logClientUpdate("a"),
      () => hivewatch.logRound(1),
      () => hivewatch.logDropout(1, "a"),
      () => hivewatch.logCommFailure(1, "a"),
      () => hivewatch.logCheckpoint(1, "x"),
      () => hivewatch.setServerMetadata({}),
      () => hivewatch.logEvent("x"),
      () => hivewatch.finish(),
    ];
    for (const call of calls) {
      expect(call).toThrow(
        expect.objectContaining({ code: "no_run", message: expect.stringContaining("call init() first") }),
      );
    }
  });

  it("act on the run that was started last", async () => {
    const hivewatch = await load();
    const first = hivewatch.memoryEmitter();
    const second = hivewatch.memoryEmitter();
    const old = hivewatch.init({ emitters: [first] });
    hivewatch.roundStart(1, ["a"]);
    const run = hivewatch.init({ emitters: [second] });
    expect(run.runId).not.toBe(old.runId);
    hivewatch.setServerMetadata({ city: "Geneva" });
    hivewatch.logClientUpdate("a", { round: 1 });
    hivewatch.logDropout(1, "b");
    hivewatch.logCommFailure(1, "c");
    hivewatch.logCheckpoint(1, "x");
    hivewatch.logEvent("note");
    hivewatch.logRound(1);
    expect(await hivewatch.finish()).toBe(true);
    await old.finish();
    expect(first.events.map((event) => event.event_type)).toEqual(["init", "round_start", "finished"]);
    expect(second.events.map((event) => event.event_type)).toEqual([
      "init",
      "server_metadata",
      "client_update",
      "client_dropout",
      "comm_failure",
      "checkpoint",
      "note",
      "round_end",
      "finished",
    ]);
  });
});
