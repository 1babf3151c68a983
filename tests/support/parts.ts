import { existsSync } from "node:fs";
import { inRepository } from "@hivewatch/test-support";
import type { TestContext } from "vitest";

/** A program that a test needs and that not every machine has. */
interface Part {
  readonly name: string;
  readonly variable: string;
  readonly fallback: string | undefined;
}

const CHROMIUM: Part = {
  name: "Chromium",
  variable: "HIVEWATCH_TEST_CHROMIUM",
  fallback: "/usr/bin/chromium",
};
const REFERENCE: Part = {
  name: "a Python with hivewatch==0.3.1",
  variable: "HIVEWATCH_TEST_PYTHON_REFERENCE",
  fallback: inRepository(".cache/venvs/reference/bin/python"),
};
const FLOWER: Part = {
  name: "a Python with Flower and hivewatch_bridge",
  variable: "HIVEWATCH_TEST_PYTHON_FLOWER",
  fallback: inRepository(".cache/venvs/flower/bin/python"),
};

const SIMULATION: Part = {
  name: "a Python with flwr[simulation] and hivewatch_bridge",
  variable: "HIVEWATCH_TEST_PYTHON_SIMULATION",
  fallback: inRepository(".cache/venvs/flower-simulation/bin/python"),
};

const MLFLOW: Part = {
  name: "a Python with an MLflow server",
  variable: "HIVEWATCH_TEST_PYTHON_MLFLOW",
  fallback: inRepository(".cache/venvs/mlflow/bin/python"),
};
const MLFLOW_2: Part = {
  name: "a Python with the server of MLflow 2",
  variable: "HIVEWATCH_TEST_PYTHON_MLFLOW_2",
  fallback: inRepository(".cache/venvs/mlflow-2/bin/python"),
};

/** The browser, or the test is skipped. */
export const needChromium = (context: TestContext): string => need(CHROMIUM, context);
/** The interpreter with Python hivewatch, or the test is skipped. */
export const needReference = (context: TestContext): string => need(REFERENCE, context);
/** The interpreter with Flower and our Python package, or the test is skipped. */
export const needFlower = (context: TestContext): string => need(FLOWER, context);
/** The interpreter with Flower's simulation and our Python package, or the test is skipped. */
export const needSimulation = (context: TestContext): string => need(SIMULATION, context);
/** The interpreter with MLflow and its server, or the test is skipped. */
export const needMlflow = (context: TestContext): string => need(MLFLOW, context);
/** The interpreter with MLflow 2 and its server, or the test is skipped. */
export const needMlflow2 = (context: TestContext): string => need(MLFLOW_2, context);

/** The interpreter of {@link needMlflow}, for what is made ready before the tests. */
export const findMlflow = (): string | undefined => find(MLFLOW);

function find({ variable, fallback }: Part): string | undefined {
  const path = process.env[variable] ?? fallback;
  return path !== undefined && existsSync(path) ? path : undefined;
}

function need(part: Part, context: TestContext): string {
  const { name, variable } = part;
  const path = find(part);
  if (path !== undefined) return path;
  return context.skip(`${name} was not found: npm test makes it ready, or name yours in ${variable}`);
}
