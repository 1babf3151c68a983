// Which versions of Flower the adapter is tested with. The list is python/flower-versions.json; a new version is a line there.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { root } from "./run.mjs";

const versions = JSON.parse(readFileSync(path.join(root, "python/flower-versions.json"), "utf8"));

/**
 * @typedef {object} FlowerEnvironment
 * @property {string} name of its folder in `.cache/venvs/`
 * @property {string} version of Python
 * @property {boolean} isMain whether it is the one that the tests in TypeScript use
 * @property {string[]} packages
 * @property {string[]} relaxed packages of which any version will do, whatever Flower asks for
 */

/** @type {FlowerEnvironment[]} */
export const flowerEnvironments = versions.map((each) => ({
  name: each.main ? "flower" : `flower-${each.flwr}`,
  version: each.python,
  isMain: each.main === true,
  packages: [`flwr==${each.flwr}`, ...(each.with ?? [])],
  relaxed: each.relaxed ?? [],
}));

/** For the long form of the tests: the main version with Ray. @type {FlowerEnvironment} */
export const simulationEnvironment = {
  name: "flower-simulation",
  version: versions.find((each) => each.main).python,
  isMain: false,
  packages: [`flwr[simulation]==${versions.find((each) => each.main).flwr}`],
  relaxed: [],
};

const TESTS = "python/tests";
/** What no version before the message API can do. */
const MESSAGE_API_TESTS = "test_flower.py";
const legacyOnly = new Set(versions.filter((each) => each.legacyOnly).map((each) => `flower-${each.flwr}`));

/**
 * What pytest is given in an environment, so that no test is skipped by design, which would be no news.
 *
 * @param {string} name of the environment
 * @returns {string[]}
 */
export function testsFor(name) {
  if (name === "flower") return [TESTS];
  if (!flowerEnvironments.some((each) => each.name === name)) return [TESTS, `--ignore-glob=${TESTS}/test_flower*.py`];
  return readdirSync(path.join(root, TESTS))
    .filter((file) => file.startsWith("test_flower") && !(legacyOnly.has(name) && file === MESSAGE_API_TESTS))
    .map((file) => `${TESTS}/${file}`);
}
