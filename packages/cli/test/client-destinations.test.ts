import { type InitEvent, parseEvent } from "@hivewatch/core";
import { describe, expect, test } from "vitest";
import {
  CLIENT_DESTINATIONS,
  type ClientDestination,
  environmentOf,
  readOptions,
} from "../src/emitters/client-destinations.ts";
import { declarationsIn } from "../src/emitters/declarations.ts";
import { createNoticeBoard } from "../src/emitters/notice-board.ts";

function destination(name: string): ClientDestination {
  const found = CLIENT_DESTINATIONS.get(name);
  return found ?? expect.unreachable(`no ${name}`);
}

const MLFLOW = destination("mlflow");
const WANDB = destination("wandb");

test("what a run declares reaches our emitters under their own names", () => {
  const mlflow = {
    tracking_uri: "https://mlflow:5000/base",
    experiment: "e",
    run_name: "n",
    resume_run_id: "0a",
    tags: { a: 1, b: "x" },
    mlflow_system_metrics: true,
    system_metrics_sampling_interval: 2.5,
    log_system: false,
  };
  expect(readOptions(MLFLOW, mlflow, {})).toEqual({
    options: {
      trackingUri: "https://mlflow:5000/base",
      experiment: "e",
      runName: "n",
      resumeRunId: "0a",
      tags: { a: "1", b: "x" },
      systemMetrics: true,
      samplingIntervalSec: 2.5,
      logSystem: false,
    },
    ignored: [],
  });
  const wandb = {
    project: "p",
    entity: "t",
    group: "g",
    job_type: "j",
    tags: ["a"],
    config: { lr: 1 },
    mode: "offline",
    log_geo: true,
    log_per_client: false,
  };
  expect(readOptions(WANDB, wandb, {})).toEqual({
    options: {
      project: "p",
      entity: "t",
      group: "g",
      jobType: "j",
      tags: ["a"],
      config: { lr: 1 },
      mode: "offline",
      logGeo: true,
      logPerClient: false,
    },
    ignored: [],
  });
});

test.each([
  ["startServer", true],
  ["trackingUri", "http://x"],
  ["token", "t"],
  ["toString", "x"],
  ["__proto__", {}],
  ["log_geo", "yes"],
  ["experiment", null],
  ["tags", ["a"]],
  ["system_metrics_sampling_interval", 0],
  ["tracking_uri", "file:///etc"],
  ["tracking_uri", "databricks"],
  ["tracking_uri", "http://me:secret@host"],
  ["tracking_uri", 5],
])("what it may not declare is left out, and said: %s %j", (name, value) => {
  const given = Object.fromEntries([
    ["experiment", "e"],
    [name, value],
  ]);
  const { options, ignored } = readOptions(MLFLOW, given, {});
  expect(options).toEqual(name === "experiment" ? {} : { experiment: "e" });
  expect(ignored).toEqual([expect.stringContaining(name)]);
  expect(ignored.join()).not.toContain("secret");
});

describe("where MLflow is", () => {
  const own = { MLFLOW_TRACKING_URI: "http://own", MLFLOW_TRACKING_TOKEN: "t", PATH: "/bin" };

  test("the bridge decides, if it is told", () => {
    const { options, ignored } = readOptions(MLFLOW, { tracking_uri: "http://other" }, own);
    expect([options, ignored]).toEqual([{}, [expect.stringContaining("MLFLOW_TRACKING_URI")]]);
    expect(readOptions(MLFLOW, { tracking_uri: "http://own" }, own)).toEqual({ options: {}, ignored: [] });
    expect(environmentOf(MLFLOW, own)).toEqual(own);
  });

  test("a run decides otherwise, and is given nothing that opens another one", () => {
    const { MLFLOW_TRACKING_URI: _, ...env } = { ...own, MLFLOW_TRACKING_USERNAME: "u", MLFLOW_TRACKING_PASSWORD: "p" };
    expect(environmentOf(MLFLOW, env)).toEqual({ PATH: "/bin" });
    expect(environmentOf(WANDB, { WANDB_API_KEY: "k" })).toEqual({ WANDB_API_KEY: "k" });
  });
});

function initWith(emitters: unknown): InitEvent {
  const event = parseEvent({ event_type: "init", run_id: "r", timestamp: "2026-11-23T07:43:20Z", emitters });
  return { ...event, event_type: "init", started_at: event.timestamp, algorithm: "", config: {} };
}

test.each([
  [undefined, []],
  ["mlflow", []],
  [{ name: "mlflow" }, []],
  [[null, 5, "mlflow", {}, { name: 7 }, []], []],
  [
    [
      { name: "a", options: null },
      { name: "b", options: 3 },
    ],
    ["a", "b"],
  ],
  [Array.from({ length: 100 }, (_, i) => ({ name: `e${i}` })), Array.from({ length: 16 }, (_, i) => `e${i}`)],
])("whatever stands there as emitters, what is none is passed over", (emitters, names) => {
  const found = declarationsIn(initWith(emitters));
  expect(found.map(({ name }) => name)).toEqual(names);
  for (const { options } of found) expect(options).toEqual({});
});

test("a notice waits for its run, once and not without end", () => {
  const board = createNoticeBoard();
  for (let i = 0; i < 3000; i++) board.post(`r${i}`, { level: "warning", text: "x" });
  for (let i = 0; i < 100; i++) for (const text of [`${i}`, "same"]) board.post("r", { level: "warning", text });
  expect(board.take("r2999")).toEqual([{ level: "warning", text: "x" }]);
  expect(board.take("r2999")).toEqual([]);
  expect(board.take("r0")).toEqual([]);
  expect(board.take("r")).toHaveLength(20);
});
