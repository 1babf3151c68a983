import { eventually, startMap, syntheticRun, temporaryFolder } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { openPage } from "./support/browser.ts";
import { needChromium } from "./support/parts.ts";
import { figures } from "./support/viewer.ts";
import { writeRun } from "./support/write-run.ts";

/** Looks, when the page marks a moment, how many of the map's and the charts' canvases have anything on them. */
const LOOK_AT_MARKS = `
  const isDrawn = (canvas) =>
    canvas.width > 0 && canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((part) => part > 0);
  const mark = performance.mark.bind(performance);
  performance.mark = (name) => {
    const drawn = (selector) => [...document.querySelectorAll(selector + " canvas")].filter(isDrawn).length;
    window.seenAt = { ...window.seenAt, [name]: { map: drawn(".map-surface"), charts: drawn(".chart") } };
    return mark(name);
  };
`;

/** Has the page's code be so busy that the engine has told all before there is anything on the page. */
const RENDER_LATE = `
  const wait = window.setTimeout;
  window.setTimeout = (then, ms, ...rest) => {
    window.setTimeout = wait;
    return wait(then, ms ?? 1000, ...rest);
  };
`;

test.for([
  ["the page is there before the run", ""],
  ["the run is there before the page", RENDER_LATE],
])(
  "when the page marks that a round is shown, its clients are on the map and its figures in the charts: %s",
  async ([, script], context) => {
    const dir = await temporaryFolder();
    await writeRun(dir, "shown", syntheticRun({ runId: "shown", clients: 40, rounds: 4, seed: 11 }));
    const { page } = await openPage(needChromium(context), `${await startMap(dir)}/?run_id=shown`, {
      prepare: async (browser) => {
        await browser.addInitScript(LOOK_AT_MARKS + script);
      },
    });
    await eventually(async () => expect(await figures(page)).toMatchObject({ round: 4 }));
    await eventually(async () => {
      const seen = await page.evaluate<{ map: number; charts: number } | undefined>("window.seenAt?.['round-shown']");
      // The Earth and the clients; flows too, where the server is somewhere.
      expect(seen?.map).toBeGreaterThanOrEqual(2);
      expect(seen?.charts).toBe(6);
    });
  },
);
