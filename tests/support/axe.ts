import axe from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** Fails if a page breaks a rule of WCAG 2.2, level AA, that a program can check. */
export async function expectAccessible(page: Page): Promise<void> {
  // The page's own policy forbids scripts from elsewhere, so it is not added as one.
  await page.evaluate(axe.source);
  const options = JSON.stringify({ runOnly: { type: "tag", values: RULES } });
  const found: unknown = await page.evaluate(`axe.run(${options}).then(({ violations }) =>
    violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ html, failureSummary }) => id + ": " + help + ": " + html.slice(0, 200) + " " + failureSummary)))`);
  expect(found).toEqual([]);
}
