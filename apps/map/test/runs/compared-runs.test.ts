import { signal } from "@preact/signals";
import { expect, test } from "vitest";
import type { Overview } from "../../src/data/run-data.ts";
import { comparedIds, createComparedRuns } from "../../src/runs/compared-runs.ts";
import { MAX_COMPARED } from "../../src/runs/run-lines.ts";
import { overviewOf, roundsOf } from "../charts/tables.ts";

function phases(of: ReturnType<typeof createComparedRuns>): string[] {
  return of.runs.value.map(({ runId, phase }) => `${runId} ${phase}`);
}

test("compared runs are loaded; one without a map, or out of reach, says so", async () => {
  const wanted = signal<readonly string[]>(["here", "none", "away", "own", "here"]);
  const answers: Record<string, () => Promise<Overview | undefined>> = {
    here: () => Promise.resolve(overviewOf(roundsOf([1]), "here")),
    none: () => Promise.resolve(undefined),
    away: () => Promise.reject(new Error("no network")),
  };
  const compared = createComparedRuns(wanted, "own", async (runId) => ({
    load: answers[runId] ?? (() => Promise.reject(new Error(`${runId} is not to be loaded`))),
  }));
  expect(phases(compared)).toEqual(["here loading", "none loading", "away loading"]);
  await expect.poll(() => phases(compared)).toEqual(["here here", "none missing", "away unreachable"]);
  wanted.value = ["none"];
  expect(phases(compared)).toEqual(["none missing"]);
  compared.close();
});

test("a run has the same colour wherever it is told of, however it was chosen", () => {
  const chosen = ["own", "a", "a", "b", ...Array.from({ length: 20 }, (_, i) => `run-${i}`)];
  const ids = comparedIds(chosen, "own");
  expect(ids.slice(0, 3)).toEqual(["a", "b", "run-0"]);
  expect(ids).toHaveLength(MAX_COMPARED);
  const compared = createComparedRuns(signal(chosen), "own", () => new Promise(() => {}));
  expect(compared.runs.value.map(({ runId }) => runId)).toEqual(ids);
  compared.close();
});

test("there are no more than fit on a chart, each with a line of its own", () => {
  const wanted = signal(Array.from({ length: 20 }, (_, i) => `run-${i}`));
  const compared = createComparedRuns(wanted, "own", () => new Promise(() => {}));
  expect(compared.runs.value).toHaveLength(MAX_COMPARED);
  expect(new Set(compared.runs.value.map(({ line }) => line.color)).size).toBe(MAX_COMPARED);
  compared.close();
});
