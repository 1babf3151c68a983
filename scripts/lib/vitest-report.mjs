// A vitest reporter for `npm test`: the counts, and what was skipped and why, which vitest's own JSON leaves out.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { root } from "./run.mjs";

/** Where the report is written: `{ passed: number, failed: number, skipped: string[] }`. */
export const VITEST_REPORT = path.join(root, ".cache/reports/vitest.json");

export default class VitestReport {
  /**
   * @param {readonly import("vitest/node").TestModule[]} modules
   * @param {readonly unknown[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    const report = { passed: 0, failed: unhandledErrors.length, skipped: [] };
    for (const module of modules) {
      // A file that can't be loaded has failed, though none of its tests has.
      if (module.errors().length > 0) report.failed++;
      for (const test of module.children.allTests()) {
        const { state, note } = test.result();
        if (state === "passed") report.passed++;
        else if (state === "failed") report.failed++;
        else report.skipped.push(`${module.relativeModuleId}: ${test.fullName}: ${note ?? "no reason given"}`);
      }
      for (const suite of module.children.allSuites()) {
        if (suite.errors().length > 0) report.failed++;
      }
    }
    mkdirSync(path.dirname(VITEST_REPORT), { recursive: true });
    writeFileSync(VITEST_REPORT, JSON.stringify(report));
  }
}
