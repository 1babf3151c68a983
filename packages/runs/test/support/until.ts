import { setImmediate } from "node:timers/promises";

/** Waits until something holds. A test whose condition never comes is ended by the test runner's own time limit. */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await setImmediate();
}
