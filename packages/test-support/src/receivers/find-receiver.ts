import { existsSync } from "node:fs";
import type { TestContext } from "vitest";
import { inRepository } from "../repository.ts";

/** A program that takes OpenTelemetry's data. `npm test` has Go build it. */
export type ReceiverName = "collector" | "prometheus" | "jaeger";

/** Where a receiver is, if it was built; or the one that an environment variable such as `HIVEWATCH_TEST_COLLECTOR` names. */
export function findReceiver(name: ReceiverName): string | undefined {
  const path = process.env[variableOf(name)] ?? inRepository(".cache/receivers", name);
  return existsSync(path) ? path : undefined;
}

/** Where a receiver is, or the test is skipped. */
export function needReceiver(name: ReceiverName, context: TestContext): string {
  const path = findReceiver(name);
  if (path !== undefined) return path;
  return context.skip(`${name} was not found: npm test has Go build it, or name yours in ${variableOf(name)}`);
}

function variableOf(name: ReceiverName): string {
  return `HIVEWATCH_TEST_${name.toUpperCase()}`;
}
