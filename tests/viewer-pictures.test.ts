import { eventually, inRepository, startMap, syntheticRun, temporaryFolder } from "@hivewatch/test-support";
import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { expectAccessible } from "./support/axe.ts";
import { expectQuiet, openPage } from "./support/browser.ts";
import { needChromium } from "./support/parts.ts";
import { expectPicture } from "./support/pictures.ts";
import { connection } from "./support/viewer.ts";
import { PHONE } from "./support/walk-page.ts";
import { writeRun } from "./support/write-run.ts";

const SEED = 11;
const STARTED_AT = Date.UTC(2026, 0, 1, 8);
/** When everybody looks: five minutes after the longest run began. */
const NOW = STARTED_AT + 300_000;

const RUNS = [
  { runId: "run-three", clients: 3, rounds: 12 },
  { runId: "run-three-hundred", clients: 300, rounds: 30 },
  { runId: "run-100k", clients: 100_000, rounds: 1 },
] as const;

const DESKTOP = { width: 1440, height: 900 };

let http = "";

beforeAll(async () => {
  const dir = await temporaryFolder();
  for (const { runId, clients, rounds } of RUNS) {
    await writeRun(dir, runId, syntheticRun({ runId, clients, rounds, seed: SEED, startedAt: STARTED_AT }));
  }
  http = await startMap(dir);
}, 300_000);

const SHOTS = [
  { name: "dark", viewport: DESKTOP, colorScheme: "dark" },
  { name: "light", viewport: DESKTOP, colorScheme: "light" },
  { name: "phone", viewport: PHONE, colorScheme: "dark" },
] as const;

for (const { runId } of RUNS) {
  for (const { name, viewport, colorScheme } of SHOTS) {
    test(`${runId}, ${name}: as it was, and open to everybody`, async (context) => {
      const opened = await openPage(needChromium(context), `${http}/?run_id=${runId}`, {
        viewport,
        colorScheme,
        now: NOW,
      });
      await allIsRead(opened.page);
      await expectPicture(opened.page, inRepository(`apps/map/test/pictures/${runId}-${name}.png`));
      await expectAccessible(opened.page);
      expectQuiet(opened);
    });
  }
}

/** What else there is to see, each at what its address says. */
const PARTS = [
  ["participation", "run-three-hundred", "tab=participation"],
  ["distribution", "run-three-hundred", "tab=distribution"],
  ["multiples", "run-three-hundred", "tab=multiples"],
  ["events", "run-three-hundred", "tab=events"],
  ["client", "run-three-hundred", "client=site-000007"],
  ["filtered", "run-three-hundred", "filter=country:JP local_accuracy>0.5&color=local_loss"],
  ["globe", "run-three-hundred", "projection=globe&color=train_time_sec"],
] as const;

for (const [name, runId, hash] of PARTS) {
  test(`${name}: as it was, and open to everybody`, async (context) => {
    const options = { viewport: DESKTOP, colorScheme: "light", now: NOW } as const;
    const opened = await openPage(needChromium(context), `${http}/?run_id=${runId}#${encodeURI(hash)}`, options);
    await allIsRead(opened.page);
    await expectPicture(opened.page, inRepository(`apps/map/test/pictures/${name}.png`));
    await expectAccessible(opened.page);
    expectQuiet(opened);
  });
}

async function allIsRead(page: Page): Promise<void> {
  await eventually(async () => {
    expect(await connection(page)).toBe("finished");
    expect(await page.getByText("reading…").count()).toBe(0);
  });
}
