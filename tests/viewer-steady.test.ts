import { eventually, startHivewatch, startMap, syntheticRun, temporaryFolder } from "@hivewatch/test-support";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { expectQuiet, openPage } from "./support/browser.ts";
import { needChromium } from "./support/parts.ts";
import { startTraining } from "./support/training.ts";
import { figures, isRead } from "./support/viewer.ts";
import { DESKTOP, PHONE } from "./support/walk-page.ts";
import { writeRun } from "./support/write-run.ts";

const ROUNDS = 12;

for (const [name, viewport] of [
  ["middling", { width: 1000, height: 760 }],
  ["phone", PHONE],
] as const) {
  test(`nothing jumps while a run is replayed, ${name}`, async (context) => {
    const dir = await temporaryFolder();
    await writeRun(dir, "run-a", syntheticRun({ runId: "run-a", clients: 60, rounds: ROUNDS, seed: 4 }));
    const url = `${await startMap(dir)}/?run_id=run-a#speed=20&color=local_loss`;
    const opened = await openPage(needChromium(context), url, { viewport });
    const { page } = opened;
    await isInPlace(page, "finished");
    await watchShifts(page);
    await page.keyboard.press("Space");
    await eventually(async () => {
      expect((await figures(page)).round).toBe(ROUNDS);
      expect(await page.getByRole("button", { name: "Play" }).count()).toBe(1);
    });
    expect(await shifts(page)).toEqual([]);
    expectQuiet(opened);
  });
}

for (const [name, viewport] of [
  ["wide", DESKTOP],
  ["phone", PHONE],
] as const) {
  test(`nothing jumps while a run goes on and somebody looks back, ${name}`, async (context) => {
    const hivewatch = await startHivewatch({ runsDir: await temporaryFolder() });
    const run = startTraining(hivewatch.grpc, { runId: "run-live", config: { num_rounds: 30 } });
    const play = async (from: number, to: number): Promise<void> => {
      for (let round = from; round <= to; round++) {
        run.roundStart(round, ["a", "b", "c"]);
        for (const id of ["a", "b"]) {
          run.logClientUpdate(id, {
            round,
            local_accuracy: round / 13,
            local_loss: 13 / round,
            lat: 48,
            lng: 2 + round,
          });
        }
        if (round % 3 === 0) run.logDropout(round, "c", "out of memory");
        run.logRound(round, { global_accuracy: round / 13, round_duration_sec: round });
      }
      await run.stored();
    };
    await play(1, 9);
    const opened = await openPage(needChromium(context), `${hivewatch.http}/?run_id=run-live`, { viewport });
    const { page } = opened;
    await isInPlace(page, "live");
    await watchShifts(page);
    await page.keyboard.press("ArrowLeft");
    await play(10, 12);
    const live = page.getByTestId("jump-to-live");
    await eventually(async () => expect(await live.textContent()).toContain("Behind live: 4 rounds"));
    await page.keyboard.press("l");
    await eventually(async () => expect((await figures(page)).round).toBe(12));
    await play(13, 14);
    await eventually(async () => expect((await figures(page)).round).toBe(14));
    expect(await shifts(page)).toEqual([]);
    expectQuiet(opened);
  });
}

async function isInPlace(page: Page, state: string): Promise<void> {
  await isRead(page, state);
  // Parts of the page that are still to be drawn take their places first.
  await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
}

/** Notes what moves without having been moved. What is within a list or a table that was sorted anew is not looked at. */
async function watchShifts(page: Page): Promise<void> {
  await page.evaluate(`
    window.shifts = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        for (const { node, previousRect, currentRect } of entry.sources) {
          const element = node instanceof Element ? node : node?.parentElement;
          if (element == null || element.closest(".virtual-list, tbody, .shown-round") !== null) continue;
          const rect = ({ x, y, width, height }) => [x, y, width, height].map(Math.round).join(" ");
          // A text whose line goes on differently.
          if (rect(previousRect) === rect(currentRect)) continue;
          shifts.push(element.outerHTML.slice(0, 80) + " " + rect(previousRect) + " -> " + rect(currentRect));
        }
      }
    }).observe({ type: "layout-shift" });
  `);
}

function shifts(page: Page): Promise<unknown> {
  return page.evaluate("window.shifts");
}
