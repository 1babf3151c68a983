import { setTimeout } from "node:timers/promises";
import { eventually, startMap, syntheticRun, temporaryFolder } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { openPage } from "./support/browser.ts";
import { needChromium } from "./support/parts.ts";
import { figures } from "./support/viewer.ts";
import { writeRun } from "./support/write-run.ts";

/**
 * Looks, when the page marks a moment, how many of the map's canvases have anything on them, and of how many charts that are
 * in sight none has.
 */
const LOOK_AT_MARKS = `
  const isDrawn = (canvas) =>
    canvas.width > 0 && canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((part) => part > 0);
  const drawnIn = (element) => [...element.querySelectorAll("canvas")].filter(isDrawn).length;
  const mark = performance.mark.bind(performance);
  performance.mark = (name) => {
    const { bottom } = document.querySelector(".charts-place").getBoundingClientRect();
    const charts = [...document.querySelectorAll(".plot")].filter((plot) => plot.getBoundingClientRect().top < bottom);
    const seen = {
      map: drawnIn(document.querySelector(".map-surface")),
      charts: charts.length,
      emptyCharts: charts.filter((chart) => drawnIn(chart) === 0).length,
    };
    window.seenAt = { ...window.seenAt, [name]: seen };
    return mark(name);
  };
`;

interface Seen {
  readonly map: number;
  readonly charts: number;
  readonly emptyCharts: number;
}

/** The run comes when the page no longer waits for it. */
const RUN_LATE_MS = 1000;

/** Has the page wait for the run as long as it takes. */
const RENDER_LATE = `
  const wait = window.setTimeout;
  window.setTimeout = (then, ms, ...rest) => {
    window.setTimeout = wait;
    return wait(then, 30_000, ...rest);
  };
`;

test.for<[name: string, script: string, runLateMs: number]>([
  ["the page is there before the run", "", RUN_LATE_MS],
  ["the run is there before the page", RENDER_LATE, 0],
])(
  "when the page marks that a round is shown, its clients are on the map and its figures in the charts: %s",
  async ([, script, runLateMs], context) => {
    const dir = await temporaryFolder();
    await writeRun(dir, "shown", syntheticRun({ runId: "shown", clients: 40, rounds: 4, seed: 11 }));
    const { page } = await openPage(needChromium(context), `${await startMap(dir)}/?run_id=shown`, {
      prepare: async (browser) => {
        await browser.addInitScript(LOOK_AT_MARKS + script);
        await browser.route("**/map2", async (route) => {
          await setTimeout(runLateMs);
          await route.continue();
        });
      },
    });
    await eventually(async () => expect(await figures(page)).toMatchObject({ round: 4 }));
    await eventually(async () => {
      const seen = await page.evaluate<Seen | undefined>("window.seenAt?.['round-shown']");
      // The Earth and the clients; flows too, where the server is somewhere.
      expect(seen?.map).toBeGreaterThanOrEqual(2);
      expect(seen?.charts).toBeGreaterThanOrEqual(2);
      expect(seen?.emptyCharts).toBe(0);
    });
    await page.locator(".chart").last().scrollIntoViewIfNeeded();
    await eventually(async () => expect(await page.locator(".chart canvas").count()).toBe(6));
  },
);
