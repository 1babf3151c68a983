// A vitest reporter for `npm test`: the counts, what failed, and what was skipped and why, which vitest's own JSON leaves out.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { root } from "./run.mjs";

/** Where the report is written: `{ passed: number, failed: string[], skipped: string[] }`. */
export const VITEST_REPORT = path.join(root, ".cache/reports/vitest.json");

export default class VitestReport {
  /**
   * @param {readonly import("vitest/node").TestModule[]} modules
   * @param {readonly unknown[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    const report = {
      passed: 0,
      failed: unhandledErrors.map((error) => described("outside of the tests", [error])),
      skipped: [],
    };
    for (const module of modules) {
      const where = (test) => `${module.relativeModuleId}: ${test.fullName}`;
      // A file that can't be loaded has failed, though none of its tests has.
      if (module.errors().length > 0) report.failed.push(described(module.relativeModuleId, module.errors()));
      for (const test of module.children.allTests()) {
        const { state, note, errors } = test.result();
        if (state === "passed") report.passed++;
        else if (state === "failed") report.failed.push(described(where(test), errors));
        else report.skipped.push(`${where(test)}: ${note ?? "no reason given"}`);
      }
      for (const suite of module.children.allSuites()) {
        if (suite.errors().length > 0) report.failed.push(described(where(suite), suite.errors()));
      }
    }
    mkdirSync(path.dirname(VITEST_REPORT), { recursive: true });
    writeFileSync(VITEST_REPORT, JSON.stringify(report));
  }
}

/**
 * @param {string} where
 * @param {readonly unknown[]} errors
 */
function described(where, errors) {
  return `${where}: ${errors.map((error) => error?.message ?? String(error)).join("; ")}`;
}
