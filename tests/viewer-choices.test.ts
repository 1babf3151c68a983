import { eventually, startHivewatch, startMap, syntheticRun, temporaryFolder } from "@hivewatch/test-support";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { expectQuiet, openPage } from "./support/browser.ts";
import { needChromium } from "./support/parts.ts";
import { startTraining } from "./support/training.ts";
import { connection, figures, isRead } from "./support/viewer.ts";
import { DESKTOP } from "./support/walk-page.ts";
import { writeRun } from "./support/write-run.ts";

test("there is help before there is a run, and it is gone when one opens", async (context) => {
  const hivewatch = await startHivewatch({ runsDir: await temporaryFolder() });
  const opened = await openPage(needChromium(context), hivewatch.http, { viewport: DESKTOP });
  const { page } = opened;
  await page.getByRole("heading", { name: "No run yet" }).waitFor();
  const help = page.getByRole("dialog", { name: "Help" });
  await page.getByTestId("help").click();
  await help.waitFor();
  await page.keyboard.press("Escape");
  await help.waitFor({ state: "hidden" });
  await page.keyboard.press("?");
  await help.waitFor();
  // Who closes it and asks for it at once gets it again, even before the page hears from the browser that it is closed.
  await page.evaluate(`(async () => {
    document.querySelector("dialog [aria-label=Close]").click();
    while (document.querySelector("dialog[open]") !== null) await null;
    dispatchEvent(new KeyboardEvent("keydown", { key: "?" }));
  })()`);
  await help.getByText("this help").waitFor();
  await page.evaluate("new Promise(requestAnimationFrame)");
  expect(await help.isVisible()).toBe(true);

  const run = startTraining(hivewatch.grpc, { runId: "run-first" });
  run.logRound(1, { global_accuracy: 0.5 });
  await eventually(async () => expect(await figures(page)).toMatchObject({ round: 1 }));
  expect(await help.count()).toBe(0);
  // A round in which nobody took part has nothing to be read.
  await isRead(page, "live");
  expectQuiet(opened);
});

test("a page that was opened to follow whatever runs still does when it is loaded anew, until somebody chooses", async (context) => {
  const hivewatch = await startHivewatch({ runsDir: await temporaryFolder() });
  const play = async (runId: string): Promise<void> => {
    const run = startTraining(hivewatch.grpc, { runId });
    for (const round of [1, 2]) run.logRound(round, { global_accuracy: round / 4 });
    await run.finish();
  };
  await play("run-1");
  const opened = await openPage(needChromium(context), hivewatch.http, { viewport: DESKTOP });
  const { page } = opened;
  await shows(page, "run-1");
  await page.reload();
  await shows(page, "run-1");
  expect(new URL(page.url()).search).toBe("");
  const second = startTraining(hivewatch.grpc, { runId: "run-2" });
  second.logRound(1, { global_accuracy: 0.5 });
  await shows(page, "run-2");
  await second.finish();

  // Who looks at something of a run can send a link to it, and is not taken away from it.
  await page.getByTestId("tab-events").click();
  await eventually(async () => expect(new URL(page.url()).searchParams.get("run_id")).toBe("run-2"));
  await page.reload();
  await play("run-3");
  await page.getByTestId("run-picker").click();
  await page.locator('[data-run-id="run-3"]').waitFor();
  await page.keyboard.press("Escape");
  await shows(page, "run-2");

  // And back, from whatever was chosen to whatever runs.
  await page.goto(hivewatch.http);
  await shows(page, "run-3");
  await page.getByTestId("run-picker").click();
  await page.locator('[data-testid="run-item"][data-run-id="run-1"]').click();
  await shows(page, "run-1");
  await page.goBack();
  await shows(page, "run-3");
  expectQuiet(opened);
});

test("what was chosen is kept when another run is opened, but not who and when", async (context) => {
  const dir = await temporaryFolder();
  for (const [i, runId] of ["run-a", "run-b", "run-c"].entries()) {
    await writeRun(dir, runId, syntheticRun({ runId, clients: 6, rounds: 4, seed: i }));
  }
  const url = `${await startMap(dir)}/?run_id=run-a`;
  const chosen = "filter=country%3AUS&color=local_loss&compare=run-c&chart=bytes";
  const opened = await openPage(needChromium(context), `${url}#round=2&client=site-000001&${chosen}`, {
    viewport: DESKTOP,
  });
  const { page } = opened;
  await page.getByTestId("client-panel").waitFor();
  await page.getByTestId("run-picker").click();
  await page.locator('[data-testid="run-item"][data-run-id="run-b"]').click();
  await shows(page, "run-b");
  expect(new URL(page.url()).hash).toBe(`#${chosen}`);
  expect(await page.getByTestId("search").inputValue()).toBe("country:US");
  expect(await page.getByTestId("color-by").inputValue()).toBe("local_loss");
  await eventually(async () => expect(await figures(page)).toMatchObject({ round: 4 }));
  expect(await page.getByTestId("client-panel").count()).toBe(0);
  expectQuiet(opened);
});

async function shows(page: Page, runId: string): Promise<void> {
  await eventually(async () => {
    expect(await page.getByTestId("run-picker").textContent()).toContain(runId);
    expect(await connection(page)).not.toBe("loading");
  });
}
