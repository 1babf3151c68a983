import { mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { root, run } from "./run.mjs";

/**
 * Runs the tests of the Python package.
 *
 * @param {string} name of the environment, for the report
 * @param {string} python its interpreter
 * @param {string[]} args what to test, and further ones for pytest
 * @returns {Promise<{ output: string, passed: number, failed: string[], skipped: string[] }>}
 */
export async function runPytest(name, python, args) {
  const report = path.join(root, `.cache/reports/pytest-${name}.xml`);
  mkdirSync(path.dirname(report), { recursive: true });
  rmSync(report, { force: true });
  // No cache: the runs on several interpreters would write the same one.
  const command = ["-m", "pytest", "-q", "-p", "no:cacheprovider", `--junitxml=${report}`, ...args];
  const { ok, output } = await run(python, command);

  let xml = "";
  try {
    xml = readFileSync(report, "utf8");
  } catch {
    return { output, passed: 0, failed: [`Python tests, ${name}: there is no report of them`], skipped: [] };
  }
  const tests = Number(attributeOf(xml.match(/<testsuite [^>]*/)?.[0] ?? "", "tests") || 0);
  const broken = [...resultsIn(xml, "failure"), ...resultsIn(xml, "error")];
  // A test that fails as it was expected to (`xfail`) is in the report as skipped too, but it was run.
  const skipped = resultsIn(xml, "skipped", ' type="pytest\\.skip"');
  if (broken.length === 0 && !ok) broken.push("pytest failed, and no test did");
  const named = (text) => `Python tests, ${name}: ${text}`;
  return {
    output,
    passed: Math.max(0, tests - broken.length - skipped.length),
    failed: broken.map(named),
    skipped: skipped.map(named),
  };
}

/**
 * @param {string} xml
 * @param {"failure" | "error" | "skipped"} result
 * @param {string} [attributes] that it has, as a regular expression
 * @returns {string[]} the tests with that result, and why
 */
function resultsIn(xml, result, attributes = "") {
  const pattern = new RegExp(`<testcase ([^>]*[^/])>\\s*<${result}${attributes} ([^>]*)`, "g");
  return [...xml.matchAll(pattern)].map(([, test, why]) => {
    return `${attributeOf(test, "classname")}.${attributeOf(test, "name")}: ${attributeOf(why, "message")}`;
  });
}

/**
 * @param {string} tag
 * @param {string} name
 */
function attributeOf(tag, name) {
  return decode(tag.match(new RegExp(`\\b${name}="([^"]*)"`))?.[1] ?? "");
}

/** @param {string} text */
function decode(text) {
  const entities = { quot: '"', apos: "'", lt: "<", gt: ">", amp: "&", "#10": "\n" };
  return text.replace(/&(quot|apos|lt|gt|amp|#10);/g, (_, name) => entities[name]);
}
