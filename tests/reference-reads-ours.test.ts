import { join } from "node:path";
import { eventually, type Fields, list, startHivewatch, temporaryFolder } from "@hivewatch/test-support";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { openPage } from "./support/browser.ts";
import { readJson, readLines } from "./support/json.ts";
import { needChromium, needReference } from "./support/parts.ts";
import { rebuild, serveLeaflet, startReferenceViewer } from "./support/reference.ts";
import { startTraining } from "./support/training.ts";
import { logVariedRun } from "./support/varied-run.ts";

const RUN_ID = "run-ours-0001";

test("Python hivewatch makes of our JSON lines what stands in our map file", async (context) => {
  const python = needReference(context);
  const runsDir = await folderWithOurRun();
  const jsonl = join(runsDir, `${RUN_ID}.jsonl`);
  const theirs = await rebuild(python, jsonl);
  expect(theirs.events).toEqual(await readLines(jsonl));
  expect(withoutAdditions(await readJson(join(runsDir, `${RUN_ID}.map.json`)))).toEqual(theirs.metadata);
});

test("Python hivewatch's viewer shows a run of ours", async (context) => {
  const chromium = needChromium(context);
  const url = await startReferenceViewer(needReference(context), await folderWithOurRun());
  const { page, problems } = await openPage(chromium, url, { prepare: serveLeaflet });

  await page.locator(".run-item", { hasText: "ours-0001" }).click();
  await eventually(async () => {
    expect(await page.textContent("#log-entries")).toContain(`Loaded run ${RUN_ID} — 5 rounds`);
  });
  await showFirstRounds(page, 2, 5);

  expect(await textsOf(page, "#playback-info, #hdr-round, #hdr-acc, #hdr-loss, #sb-participants")).toEqual([
    "1",
    "50.00%",
    "1.1250",
    "4",
    "Round 2 / 5",
  ]);
  expect(await textsOf(page, ".client-id")).toEqual(["paris", "tokyo", "nowhere", "10388190150487002303"]);
  expect(await shownMetrics(page, "paris")).toMatchObject({
    round: "1",
    local_accuracy: "0.5125",
    local_loss: "1.2500",
    num_samples: "1200",
    bytes_sent: "4801485",
    val_accuracy: "0.6000",
  });
  const tokyo = await shownMetrics(page, "tokyo");
  expect(tokyo).toMatchObject({ local_loss: "NaN", gradient_norm: "Infinity", site: "病院-a", tags: '["x","y"]' });
  expect(tokyo).not.toHaveProperty("_debug_score");
  expect(await shownMetrics(page, "nowhere")).toMatchObject({ local_accuracy: "0.7500" });
  expect(
    await page.locator(".client-card", { hasText: "10388190150487002303" }).locator(".client-badge.dropped").count(),
  ).toBe(1);
  expect(await page.locator(".leaflet-marker-icon").count()).toBe(3);
  expect(problems.filter((problem) => !problem.includes("net::ERR_FAILED"))).toEqual([]);
});

test("it also plays a run of ours from our JSON lines alone", async (context) => {
  const chromium = needChromium(context);
  const url = await startReferenceViewer(needReference(context), await folderWithOurRun(), "--run-id", RUN_ID);
  const { page } = await openPage(chromium, url, { prepare: serveLeaflet });
  await eventually(async () => {
    expect(await page.textContent("#log-entries")).toContain("Loaded 5 rounds — ready to play");
  });
  // It plays at its own pace, so what it has shown is read off its log.
  await eventually(async () => {
    const log = await page.textContent("#log-entries");
    expect(log).toContain("Round 1 — acc=50.00% loss=1.1250");
    expect(log).toContain("Round 4 — acc=60.00% loss=0.9000");
  });
  expect(await textsOf(page, ".client-id")).toEqual(expect.arrayContaining(["paris", "tokyo", "nowhere"]));
});

async function folderWithOurRun(): Promise<string> {
  const runsDir = await temporaryFolder();
  const hivewatch = await startHivewatch({ runsDir });
  await logVariedRun(startTraining(hivewatch.grpc, { runId: RUN_ID, config: { lr: 0.01, model: { layers: 18 } } }));
  expect(await hivewatch.stop()).toEqual({ code: 0, signal: null });
  return runsDir;
}

/** What Python hivewatch writes of a map file: we add the name that its figure had until 0.3.0. */
function withoutAdditions(map: Fields): Fields {
  return { ...map, rounds: list(map.rounds).map(({ divergence, ...round }) => round) };
}

/** Clicks where the viewer's bar stands for so many rounds. */
async function showFirstRounds(page: Page, count: number, of: number): Promise<void> {
  const bar = page.locator("#progress-track");
  const box = await bar.boundingBox();
  if (box === null) throw new Error("the viewer shows no bar of rounds");
  await bar.click({ position: { x: (box.width * (count + 0.5)) / of, y: box.height / 2 } });
}

function textsOf(page: Page, selector: string): Promise<string[]> {
  return page.locator(selector).allTextContents();
}

async function shownMetrics(page: Page, clientId: string): Promise<Record<string, string>> {
  const card = page.locator(".client-card").filter({ has: page.getByText(clientId, { exact: true }) });
  const names = await card.locator(".metric-chip .lbl").allTextContents();
  const values = await card.locator(".metric-chip .val").allTextContents();
  return Object.fromEntries(names.map((name, i) => [name, values[i] ?? ""]));
}
