import { cp } from "node:fs/promises";
import { fields, inRepository, runCommand, temporaryFolder } from "@hivewatch/test-support";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { openPage } from "./support/browser.ts";
import { askMlflow, serverOfFile, storedRuns } from "./support/mlflow.ts";
import { needChromium } from "./support/parts.ts";

const urlFor = serverOfFile();

/** MLflow's own marks. */
const SECTION = '[data-testid="experiment-view-compare-runs-section-header"]';
const CHART = '[data-testid="experiment-view-compare-runs-card"]';

/** How many points the chart of a section's accuracy has. Charts are drawn when they come into sight. */
async function pointsOf(page: Page, section: string): Promise<number> {
  await page.getByPlaceholder("Search metric charts").fill(`^${section}/accuracy$`);
  const chart = page.locator(CHART, { hasText: `(${section}/accuracy)` });
  await chart.locator(".scatterlayer .point").first().waitFor();
  await page.locator(SECTION, { hasText: section }).waitFor();
  return chart.locator(".scatterlayer .point").count();
}

test("MLflow's page shows the charts of a run by round, grouped by what they are of", async (context) => {
  const url = urlFor(context);
  const chromium = needChromium(context);
  const runsDir = await temporaryFolder();
  await cp(inRepository("tests/fixtures/python-hivewatch-0.2.1"), runsDir, { recursive: true });
  const replay = ["replay", "run-saved-0001", "--to", "mlflow", "--runs-dir", runsDir];
  expect(await runCommand(replay, { MLFLOW_TRACKING_URI: url })).toMatchObject({ code: 0 });
  const [stored] = await storedRuns(url, "run-saved-0001");
  const { experiment } = await askMlflow(url, "experiments/get-by-name?experiment_name=hivewatch");
  const place = `#/experiments/${fields(experiment).experiment_id}/runs/${stored?.id}/model-metrics`;
  const { page } = await openPage(chromium, `${url}/${place}`);
  await page.locator(CHART).first().waitFor();
  const sections = await page.locator(SECTION).allInnerTexts();
  const names = sections.map((text) => text.split("\n")[0]?.trim());
  expect(names).toEqual(expect.arrayContaining(["client/client-paris", "client/client-東京", "comm", "round"]));
  expect(await pointsOf(page, "round")).toBe(4);
  expect(await pointsOf(page, "client/client-paris")).toBe(3);
});
