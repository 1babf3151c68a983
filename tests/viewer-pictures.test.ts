import { eventually, inRepository, startMap, syntheticRun, temporaryFolder } from "@hivewatch/test-support";
import type { BrowserContext, Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { expectAccessible } from "./support/axe.ts";
import { expectQuiet, openPage } from "./support/browser.ts";
import { needChromium } from "./support/parts.ts";
import { expectPicture } from "./support/pictures.ts";
import { connection, isRead } from "./support/viewer.ts";
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
  await writeRun(dir, "run-grid", runWithoutPlaces("run-grid"));
  const open = syntheticRun({ runId: "run-open", clients: 20, rounds: 6, seed: SEED, startedAt: STARTED_AT });
  await writeRun(
    dir,
    "run-open",
    [...open].filter(({ event_type }) => event_type !== "finished"),
  );
  http = await startMap(dir);
});

/** Clients of several tiers, of which nobody knows where they are. */
function* runWithoutPlaces(runId: string): Generator<Record<string, unknown>> {
  const told = { run_id: runId, timestamp: new Date(STARTED_AT).toISOString() };
  yield { ...told, event_type: "init", algorithm: "FedAvg", config: {} };
  for (let i = 0; i < 60; i++) {
    const client = { client_id: `site-${i}`, round: 1, tier: i % 3 === 0 ? "silver" : "gold", local_accuracy: i / 60 };
    if (i % 20 === 7) yield { ...told, event_type: "comm_failure", round: 1, client_id: client.client_id };
    else yield { ...told, event_type: "client_update", round: 1, clients: [client] };
  }
  yield { ...told, event_type: "round_end", round: 1, clients: [], round_metrics: { global_accuracy: 0.5 } };
  yield { ...told, event_type: "finished", status: "failed", reason: "out of memory" };
}

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
      await isRead(opened.page);
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
    await isRead(opened.page);
    await expectPicture(opened.page, inRepository(`apps/map/test/pictures/${name}.png`));
    await expectAccessible(opened.page);
    expectQuiet(opened);
  });
}

const PANEL = { width: 720, height: 480 };

/** Parts by themselves, and states of the page; each small. */
const STATES: readonly {
  readonly name: string;
  readonly path: string;
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly colorScheme?: "dark";
  readonly state?: string;
  readonly prepare?: (context: BrowserContext) => Promise<void>;
  readonly reach?: (page: Page) => Promise<void>;
}[] = [
  {
    name: "charts",
    path: "?run_id=run-three-hundred&embed=1&panel=charts",
    viewport: { width: 720, height: 560 },
    // What is of all clients has been read.
    reach: (page) => page.locator('[data-chart="loss"]').getByText("median0.3043").waitFor(),
  },
  { name: "trouble", path: "?run_id=run-three-hundred&embed=1&panel=trouble", colorScheme: "dark" },
  { name: "table", path: "?run_id=run-three-hundred&embed=1&panel=clients#sort=local_accuracy" },
  { name: "grid", path: "?run_id=run-grid&embed=1&panel=map#group=tier" },
  { name: "no-such-run", path: "?run_id=run-nowhere", state: "waiting" },
  {
    name: "loading",
    path: "?run_id=run-three",
    viewport: DESKTOP,
    state: "loading",
    // Nothing is answered.
    async prepare(context) {
      await context.route(/\/(runs|stream)\b/, () => {});
    },
  },
  { name: "behind-live", path: "?run_id=run-open#round=4", viewport: PHONE, state: "silent" },
  {
    name: "runs",
    path: "?run_id=run-three-hundred#compare=run-three",
    viewport: { width: 900, height: 640 },
    async reach(page) {
      await page.getByTestId("run-picker").click();
      await page.getByRole("region", { name: "Table of differences" }).waitFor();
    },
  },
  {
    name: "help",
    path: "?run_id=run-three",
    viewport: { width: 900, height: 640 },
    colorScheme: "dark",
    async reach(page) {
      await page.getByTestId("help").click();
      await page.getByTestId("help-dialog").waitFor();
    },
  },
  {
    name: "about",
    path: "?run_id=run-three",
    viewport: { width: 720, height: 560 },
    async reach(page) {
      await page.getByTestId("about-run").click();
      await page.getByTestId("about-dialog").waitFor();
    },
  },
];

for (const { name, path, viewport = PANEL, colorScheme = "light", state, reach, ...options } of STATES) {
  test(`${name}: as it was`, async (context) => {
    const shown = { ...options, viewport, colorScheme, now: NOW } as const;
    const opened = await openPage(needChromium(context), `${http}/${path}`, shown);
    if (state === "loading" || state === "waiting") {
      await eventually(async () => {
        expect(await connection(opened.page)).toBe(state);
        expect(await opened.page.getByText("reading…").count()).toBe(state === "loading" ? 1 : 0);
      });
    } else await isRead(opened.page, state);
    await reach?.(opened.page);
    await expectPicture(opened.page, inRepository(`apps/map/test/pictures/${name}.png`));
  });
}

test("no run yet: as it was", async (context) => {
  const empty = await startMap(await temporaryFolder());
  const { page } = await openPage(needChromium(context), empty, { viewport: PANEL, colorScheme: "dark", now: NOW });
  await page.getByRole("heading", { name: "No run yet" }).waitFor();
  await expectPicture(page, inRepository("apps/map/test/pictures/no-run.png"));
});
