import { afterAll, onTestFinished, TestRunner } from "vitest";

const ofFile: (() => unknown)[] = [];

/**
 * Undoes what was set up, the newest first: at the end of the test that runs, or, from a hook such as `beforeAll`, at the
 * end of the file.
 */
export function afterwards(undo: () => unknown): void {
  if (TestRunner.getCurrentTest() === undefined) ofFile.push(undo);
  else onTestFinished(async () => void (await undo()));
}

afterAll(async () => {
  for (const undo of ofFile.reverse()) await undo();
});
