import { existsSync } from "node:fs";
import { inRepository } from "@hivewatch/test-support";
import type { TestContext } from "vitest";

/** A program that a test needs and that not every machine has. */
interface Part {
  readonly name: string;
  readonly variable?: string;
  readonly fallback: string;
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

/** The browser, or the test is skipped. */
export const needChromium = (context: TestContext): string => need(CHROMIUM, context);
/** The interpreter with Python hivewatch, or the test is skipped. */
export const needReference = (context: TestContext): string => need(REFERENCE, context);
/** The interpreter with Flower and our Python package, or the test is skipped. */
export const needFlower = (context: TestContext): string => need(FLOWER, context);
/** The interpreter with Flower's simulation and our Python package, or the test is skipped. */
export const needSimulation = (context: TestContext): string => need(SIMULATION, context);

/** The interpreter with another version of Flower and our Python package, or the test is skipped. */
export const needFlowerVersion = (context: TestContext, version: string): string =>
  need(
    { name: `a Python with flwr==${version}`, fallback: inRepository(`.cache/venvs/flower-${version}/bin/python`) },
    context,
  );

function need({ name, variable, fallback }: Part, context: TestContext): string {
  const path = (variable && process.env[variable]) ?? fallback;
  if (existsSync(path)) return path;
  const own = variable === undefined ? "" : `, or name yours in ${variable}`;
  return context.skip(`${name} was not found: npm test makes it ready${own}`);
}
