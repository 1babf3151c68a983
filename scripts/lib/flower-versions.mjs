// Which versions of Flower the adapter is tested with. The list is python/flower-versions.json; a new version is a line there.
import { readFileSync } from "node:fs";
import path from "node:path";
import { root } from "./run.mjs";

const versions = JSON.parse(readFileSync(path.join(root, "python/flower-versions.json"), "utf8"));

/**
 * @typedef {object} FlowerEnvironment
 * @property {string} name of its folder in `.cache/venvs/`
 * @property {string} version of Python
 * @property {boolean} isLegacyOnly whether it is from before the message API
 * @property {boolean} isMain whether it is the one that the tests in TypeScript use
 * @property {string[]} packages
 * @property {string[]} relaxed packages of which any version will do, whatever Flower asks for
 */

/** @type {FlowerEnvironment[]} */
export const flowerEnvironments = versions.map((each) => ({
  name: each.main ? "flower" : `flower-${each.flwr}`,
  version: each.python,
  isLegacyOnly: each.legacyOnly === true,
  isMain: each.main === true,
  packages: [`flwr==${each.flwr}`, ...(each.with ?? [])],
  relaxed: each.relaxed ?? [],
}));

/** For the long form of the tests: the main version with Ray. @type {FlowerEnvironment} */
export const simulationEnvironment = {
  name: "flower-simulation",
  version: versions.find((each) => each.main).python,
  isLegacyOnly: false,
  isMain: false,
  packages: [`flwr[simulation]==${versions.find((each) => each.main).flwr}`],
  relaxed: [],
};
