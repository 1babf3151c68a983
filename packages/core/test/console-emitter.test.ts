import { expect, it, vi } from "vitest";
import { consoleEmitter, createRun, type RunOptions } from "../src/index.ts";

/** What is printed of a run, which this starts and the function plays. */
async function printed(play: (run: ReturnType<typeof createRun>) => void, options: RunOptions = {}): Promise<string[]> {
  const lines: string[] = [];
  const run = createRun({ runId: "r", ...options, emitters: [consoleEmitter({ print: (line) => lines.push(line) })] });
  play(run);
  await run.finish();
  return lines;
}

it("prints a line for each thing that matters, and none for each client", async () => {
  const lines = await printed((run) => {
    run.roundStart(1, ["a", "b"]);
    run.logClientUpdate("a", { round: 1, local_accuracy: 0.5 });
    run.logDropout(1, "b", "power failure");
    run.logCommFailure(1, "c", "timeout");
    run.logCheckpoint(1, "m.bin");
    run.logRound(1, { global_loss: 0.123456, round_duration_sec: 2 });
  });
  expect(lines).toEqual([
    "run r started: FedAvg",
    "round 1: b dropped out: power failure",
    "round 1: c failed: timeout",
    "round 1: checkpoint m.bin",
    "round 1: 1 of 2 clients, accuracy 0.5000, loss 0.1235, 2.0 s",
    "run r completed",
  ]);
});

it("prints no figure that isn't known", async () => {
  expect((await printed((run) => run.logRound(3)))[1]).toBe("round 3: ended");
});

it("prints NaN for what it is", async () => {
  expect((await printed((run) => run.logRound(3, { global_loss: Number.NaN })))[1]).toBe("round 3: loss NaN");
});

it("lets no client move the cursor or add a line", async () => {
  const lines = await printed((run) => run.logDropout(1, "a\u001b[2J", "x\nrun r completed\u202e"), {
    algorithm: "a\rb",
  });
  expect(lines[0]).toBe("run r started: a\ufffdb");
  expect(lines[1]).toBe("round 1: a\ufffd[2J dropped out: x\ufffdrun r completed\ufffd");
});

it("prints to the console by default", async () => {
  const log = vi.spyOn(console, "log").mockReturnValue();
  await createRun({ runId: "r", emitters: [consoleEmitter()] }).finish({ status: "failed", reason: "disk full" });
  expect(log.mock.calls).toEqual([["run r started: FedAvg"], ["run r failed: disk full"]]);
  log.mockRestore();
});
