import { readdirSync } from "node:fs";
import path from "node:path";
import { APPFL } from "./appfl.mjs";
import { flowerEnvironments } from "./flower-versions.mjs";
import { root } from "./run.mjs";

const TESTS = "python/tests";
/** What no version of Flower before the message API can do. */
const MESSAGE_API_TESTS = "test_flower.py";
/** The long form of the tests of the adapter for APPFL. */
const APPFL_TESTS = `${TESTS}/test_appfl_real.py`;

/**
 * What pytest is given in an environment, so that no test is skipped by design, which would be no news.
 *
 * @param {string} name of the environment
 * @returns {string[]}
 */
export function testsFor(name) {
  const quick = [TESTS, `--ignore=${APPFL_TESTS}`];
  if (name === APPFL) return [APPFL_TESTS];
  if (name === "flower") return quick;
  const flower = flowerEnvironments.find((each) => each.name === name);
  if (flower === undefined) return [...quick, `--ignore-glob=${TESTS}/test_flower*.py`];
  return readdirSync(path.join(root, TESTS))
    .filter((file) => file.startsWith("test_flower") && !(flower.isLegacyOnly && file === MESSAGE_API_TESTS))
    .map((file) => `${TESTS}/${file}`);
}
