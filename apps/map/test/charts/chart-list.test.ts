import { expect, test } from "vitest";
import { chartChoices, chartOf } from "../../src/charts/chart-list.ts";
import { chartView, roundToRead } from "../../src/charts/chart-view.ts";
import { roundAxis } from "../../src/charts/round-axis.ts";
import { valueAt } from "../../src/charts/series.ts";
import { FIGURE_SOURCE } from "../../src/data/run-data.ts";
import { digestOf, overviewOf, reported, roundsOf } from "./tables.ts";

test("the global accuracy names its source, round by round", () => {
  const rounds = roundsOf([1, 2, 3], {
    figures: new Map([["global_accuracy", reported(0.1, 0.2, undefined)]]),
    notes: new Map([["global_source", ["central", undefined, undefined]]]),
  });
  const [global] = chartOf("accuracy", overviewOf(rounds), undefined).lines;
  expect(global?.label).toBe("whole model");
  expect([0, 1, 2].map((round) => global?.sourceAt?.(round))).toEqual([
    "evaluated centrally",
    "reported by the server",
    undefined,
  ]);
});

test("where accuracies are in per cent those below 1 are, too", () => {
  const chart = (...values: number[]) =>
    chartOf(
      "accuracy",
      overviewOf(roundsOf([1, 2], { figures: new Map([["global_accuracy", reported(...values)]]) })),
      undefined,
    );
  expect(chart(0.9, 87.9).format(0.9)).toBe("0.9%");
  expect(chart(0.9, 87.9).format(87.9)).toBe("87.9%");
  expect(chart(0.5, 0.9).format(0.9)).toBe("90.0%");
});

test("without a global figure the clients' mean comes first", () => {
  const rounds = roundsOf([1], { figures: new Map([["clients_accuracy", reported(0.5)]]) });
  expect(chartOf("accuracy", overviewOf(rounds), undefined).lines[0]?.label).toBe("clients’ mean");
});

test("of a round that goes on only what was reported is drawn", () => {
  const derived = { values: Float64Array.of(1, 2), source: new Uint8Array(2).fill(FIGURE_SOURCE.derived) };
  const rounds = roundsOf([1, 2], {
    open: Uint8Array.of(0, 1),
    figures: new Map([
      ["num_completed", derived],
      ["num_selected", reported(5, 6)],
    ]),
  });
  const [completed, selected] = chartOf("participation", overviewOf(rounds), undefined).lines;
  expect([0, 1].map((round) => completed && valueAt(completed.series, round))).toEqual([1, undefined]);
  expect([0, 1].map((round) => selected && valueAt(selected.series, round))).toEqual([5, 6]);
});

test("the worst of accuracy is the least, of loss the most", () => {
  const overview = overviewOf(roundsOf([1]));
  const worst = (id: string): number | undefined => {
    const line = chartOf(id, overview, digestOf([2, 8])).lines.at(-1);
    return line && valueAt(line.series, 0);
  };
  expect([worst("accuracy"), worst("loss"), worst("client.train_time_sec")]).toEqual([2, 8, 8]);
});

test("any number of a round and any metric of clients can be chosen, whatever it is called", () => {
  const names = ["my_metric", "constructor", "__proto__", "<b>"];
  const overview = {
    ...overviewOf(roundsOf([1], { figures: new Map(names.map((name) => [name, reported(1)])) })),
    metrics: names,
  };
  const ids = chartChoices(overview).map(({ id }) => id);
  for (const name of names) {
    expect(ids).toContain(`round.${name}`);
    expect(ids).toContain(`client.${name}`);
    const [line] = chartOf(`round.${name}`, overview, undefined).lines;
    expect(line && valueAt(line.series, 0)).toBe(1);
    expect(line?.label).toBe(name);
  }
});

test("a digest that lags behind has no values for the newer rounds", () => {
  const { band } = chartOf("client.x", overviewOf(roundsOf([1, 2, 3])), digestOf([0, 10]));
  expect([0, 1, 2].map((round) => band && valueAt(band.low, round))).toEqual([1, undefined, undefined]);
});

test("compared runs bring a line each; those without the figure none", () => {
  const other = (runId: string, accuracy: number | undefined) => ({
    runId,
    line: { color: "--run-2" },
    phase: "here" as const,
    overview: overviewOf(roundsOf([1], { figures: new Map([["global_accuracy", reported(accuracy)]]) }), runId),
  });
  const own = overviewOf(roundsOf([1], { figures: new Map([["global_accuracy", reported(0.5)]]) }));
  const view = chartView("accuracy", own, roundAxis(own.rounds, "round"), undefined, [
    other("a", 0.4),
    other("b", undefined),
  ]);
  expect(view.lines.map(({ label }) => label)).toEqual(["r", "a"]);
});

test("the caption reads the newest round that is over", () => {
  const overview = overviewOf(roundsOf([1, 2, 3], { open: Uint8Array.of(0, 0, 1) }));
  expect([-1, 0, 2].map((shown) => roundToRead(overview, shown))).toEqual([1, 0, 1]);
  expect(roundToRead(overviewOf(roundsOf([])), -1)).toBe(-1);
  expect(roundToRead(overviewOf(roundsOf([0], { open: Uint8Array.of(1) })), 0)).toBe(0);
});
