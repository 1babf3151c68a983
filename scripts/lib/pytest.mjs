import { mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { root, run } from "./run.mjs";

/**
 * Runs the tests of the Python package.
 *
 * @param {string} name of the environment, for the report
 * @param {string} python its interpreter
 * @param {string[]} args what to test, and further ones for pytest
 * @returns {Promise<{ output: string, passed: number, failed: number, skipped: string[] }>}
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
    return { output, passed: 0, failed: 1, skipped: [] };
  }
  const count = (attribute) => Number(xml.match(new RegExp(`<testsuite [^>]*\\b${attribute}="(\\d+)"`))?.[1] ?? 0);
  const broken = count("failures") + count("errors");
  const skipped = skippedIn(xml);
  return {
    output,
    passed: count("tests") - broken - skipped.length,
    failed: broken === 0 && !ok ? 1 : broken,
    skipped: skipped.map((reason) => `Python tests, ${name}: ${reason}`),
  };
}

/**
 * A test that fails as it was expected to (`xfail`) is in the report as skipped too, but it was run.
 *
 * @param {string} xml
 */
function skippedIn(xml) {
  return [...xml.matchAll(/<testcase ([^>]*[^/])>\s*<skipped type="pytest\.skip" ([^>]*)/g)].map(([, test, skip]) => {
    const attribute = (text, key) => decode(text.match(new RegExp(`\\b${key}="([^"]*)"`))?.[1] ?? "");
    return `${attribute(test, "classname")}.${attribute(test, "name")}: ${attribute(skip, "message")}`;
  });
}

/** @param {string} text */
function decode(text) {
  const entities = { quot: '"', apos: "'", lt: "<", gt: ">", amp: "&" };
  return text.replace(/&(quot|apos|lt|gt|amp);/g, (_, name) => entities[name]);
}
