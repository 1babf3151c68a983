import { expect, test } from "vitest";
import { compareConfigs } from "../../src/runs/compare-configs.ts";
import { configValues } from "../../src/runs/config-values.ts";
import { runLabels } from "../../src/runs/run-labels.ts";
import { readRunList } from "../../src/runs/run-list.ts";
import { searchRuns, sortRuns } from "../../src/runs/run-search.ts";

const RUNS = readRunList([
  {
    run_id: "run-a",
    algorithm: "FedAvg",
    status: "running",
    started_at: "2026-11-23T08:00:00Z",
    global_accuracy: 0.5,
    config: { opt: { lr: 0.1 }, seed: 1 },
  },
  {
    run_id: "run-b",
    algorithm: "FedProx",
    status: "failed",
    started_at: "2026-11-23T09:00:00Z",
    config: { opt: { lr: 0.1 }, seed: 2 },
  },
  {
    run_id: "run-c",
    algorithm: "FedAvg",
    status: "completed",
    global_accuracy: 0.9,
    config: { opt: { lr: 0.01 }, seed: 3 },
  },
  { algorithm: "no id" },
]);

const idsOf = (runs: readonly { runId: string }[]): string[] => runs.map(({ runId }) => runId);

test("runs are found by id, algorithm, status and configuration, all words together", () => {
  expect(idsOf(searchRuns(RUNS, "fedavg"))).toEqual(["run-a", "run-c"]);
  expect(idsOf(searchRuns(RUNS, "opt.lr=0.1 FAILED"))).toEqual(["run-b"]);
  expect(idsOf(searchRuns(RUNS, " "))).toEqual(["run-a", "run-b", "run-c"]);
  expect(searchRuns(RUNS, "nothing")).toEqual([]);
});

test("runs that lack what the order goes by come last", () => {
  expect(idsOf(sortRuns(RUNS, "newest"))).toEqual(["run-b", "run-a", "run-c"]);
  expect(idsOf(sortRuns(RUNS, "oldest"))).toEqual(["run-a", "run-b", "run-c"]);
  expect(idsOf(sortRuns(RUNS, "accuracy"))).toEqual(["run-c", "run-a", "run-b"]);
});

test("a run that told no beginning has none", () => {
  const [run] = readRunList([{ run_id: "run-x", started_at: "" }]);
  expect(run?.startedAt).toBeUndefined();
});

test("a run's label is what its configuration has of its own, what makes groups first", () => {
  const labels = runLabels(RUNS);
  expect(RUNS.map((run) => labels.get(run)?.map(({ name, value }) => `${name}=${value}`))).toEqual([
    ["opt.lr=0.1", "seed=1"],
    ["opt.lr=0.1", "seed=2"],
    ["opt.lr=0.01", "seed=3"],
  ]);
  expect([...runLabels(RUNS.slice(0, 1)).values()]).toEqual([[]]);
});

test("configurations are compared part by part, differences first", () => {
  const lines = compareConfigs([
    configValues({ b: { x: 1, y: [1, 2] }, same: null }),
    configValues({ b: { x: 1, y: [1, 3] }, same: null, more: "" }),
  ]);
  expect(lines).toEqual([
    { name: "b.y", values: ["[1,2]", "[1,3]"], differs: true },
    { name: "more", values: [undefined, ""], differs: true },
    { name: "b.x", values: ["1", "1"], differs: false },
    { name: "same", values: ["null", "null"], differs: false },
  ]);
});

test("a configuration of any depth is read", () => {
  let deep: Record<string, unknown> = { end: 1 };
  for (let depth = 0; depth < 1_000; depth++) deep = { d: deep };
  expect(configValues(deep).size).toBe(1);
});
