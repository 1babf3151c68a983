import { eventually, startHivewatch, startMap, syntheticRun, temporaryFolder } from "@hivewatch/test-support";
import type { Locator, Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { TABS, VIEWS } from "../apps/map/src/page-state.ts";
import { PANELS } from "../apps/map/src/run-address.ts";
import { expectAccessible } from "./support/axe.ts";
import { type BrowserPage, expectQuiet, openPage } from "./support/browser.ts";
import { needChromium } from "./support/parts.ts";
import { startTraining } from "./support/training.ts";
import { connection, figures } from "./support/viewer.ts";
import { DESKTOP, PHONE } from "./support/walk-page.ts";
import { writeRun } from "./support/write-run.ts";

const LAST_ROUND = 6;
const STARTED_AT = Date.UTC(2026, 0, 1, 8);

let http = "";

beforeAll(async () => {
  const dir = await temporaryFolder();
  for (const [i, runId] of ["run-first", "run-second"].entries()) {
    const startedAt = STARTED_AT + i * 60_000;
    await writeRun(dir, runId, syntheticRun({ runId, clients: 60, rounds: LAST_ROUND, seed: 8 + i, startedAt }));
  }
  const empty = { run_id: "run-empty", timestamp: new Date(STARTED_AT - 60_000).toISOString() };
  await writeRun(dir, "run-empty", [
    { ...empty, event_type: "init", algorithm: "FedAvg", config: {} },
    { ...empty, event_type: "finished", status: "aborted", reason: "never began" },
  ]);
  http = await startMap(dir);
}, 300_000);

test("a run is found, looked through and replayed with the keyboard alone", async (context) => {
  const opened = await openRun(needChromium(context), "/?run_id=run-second");
  await runIsRead(opened.page);
  const { page } = opened;
  const press = (...keys: string[]): Promise<void> => pressAll(page, keys);

  // Another run.
  await tabTo(page, page.getByTestId("run-picker"));
  expect(await nameOfFocus(page)).toBe("run-second");
  await press("Enter");
  await page.getByRole("dialog", { name: "Runs" }).waitFor();
  await expectFocus(page.getByRole("searchbox", { name: "Search runs" }));
  await page.keyboard.type("first");
  await eventually(async () => expect(await page.getByTestId("run-item").count()).toBe(1));
  await press("ArrowDown", "Enter");
  await page.getByTestId("run-picker").getByText("run-first").waitFor();
  expect(new URL(page.url()).searchParams.get("run_id")).toBe("run-first");
  await runIsRead(page);

  // Some of its clients.
  await press("/");
  await expectFocus(page.getByRole("combobox", { name: "Find clients" }));
  await page.keyboard.type("country:FR");
  await eventually(async () => {
    const found = Number(await page.getByTestId("search-count").getAttribute("data-value"));
    expect(found).toBeGreaterThan(0);
    expect(found).toBeLessThan(60);
  });
  // The first closes suggestions, if there are any.
  await eventually(async () => {
    await press("Escape");
    expect(await page.getByRole("combobox", { name: "Find clients" }).inputValue()).toBe("");
  });

  // The table, by loss.
  const head = page.locator('th[data-field="local_loss"]');
  await tabTo(page, head.getByRole("button"));
  await press("Enter");
  expect(await head.getAttribute("aria-sort")).toBe("ascending");
  await press("Space");
  expect(await head.getAttribute("aria-sort")).toBe("descending");

  // A client, the next one, and back to where we were.
  const rows = page.getByTestId("client-row").getByRole("button");
  await tabTo(page, rows.first());
  await press("ArrowDown", "ArrowDown");
  const id = (await rows.nth(2).textContent()) ?? "";
  await expectFocus(rows.nth(2));
  await press("Enter");
  const drawer = page.getByRole("complementary", { name: id });
  await drawer.waitFor();
  await expectFocus(drawer);
  await tabTo(page, page.getByRole("button", { name: "Next client" }));
  await press("Enter");
  await eventually(async () =>
    expect(await page.getByTestId("client-panel").getAttribute("data-client-id")).not.toBe(id),
  );
  await press("Escape");
  await page.getByTestId("client-panel").waitFor({ state: "detached" });
  await expectFocus(rows.nth(2));

  // What went wrong.
  const findings = page.getByTestId("trouble").getByTestId("finding");
  await tabTo(page, findings.first());
  await press("ArrowDown");
  await expectFocus(findings.nth(1));
  const wrong = findings.nth(1);
  const [client, round] = [await wrong.getAttribute("data-client-id"), await wrong.getAttribute("data-round")];
  await press("Enter");
  await page.getByRole("complementary", { name: client ?? "" }).waitFor();
  await eventually(async () => expect((await figures(page)).round).toBe(Number(round)));
  await press("Escape");
  await page.getByTestId("client-panel").waitFor({ state: "detached" });
  await expectFocus(wrong);

  // Through the rounds.
  await tabTo(page, page.getByRole("button", { name: "Next round" }));
  await shows(page, press("Home"), 1);
  await shows(page, press("ArrowRight"), 2);
  await shows(page, press("."), 3);
  await shows(page, press(","), 2);
  await shows(page, press("Enter"), 3);
  await tabTo(page, page.getByRole("slider", { name: "Round" }));
  await shows(page, press("ArrowLeft", "ArrowLeft"), 1);
  await shows(page, press("End"), LAST_ROUND);
  await shows(page, press("Home"), 1);
  await press("Space");
  await eventually(async () => {
    expect((await figures(page)).round).toBe(LAST_ROUND);
    expect(await page.getByRole("button", { name: "Play" }).count()).toBe(1);
  });

  // The tabs, by their numbers and by arrows.
  for (const [i, tab] of TABS.entries()) {
    await press(String(i + 1));
    await eventually(async () =>
      expect(await page.getByTestId(`tab-${tab}`).getAttribute("aria-selected")).toBe("true"),
    );
  }
  await tabTo(page, page.getByTestId("tab-events"));
  await press("ArrowRight");
  await expectFocus(page.getByTestId("tab-clients"));

  // The map.
  const map = page.getByTestId("map-canvas");
  await tabTo(page, map);
  await press("+", "Shift+ArrowRight", "Enter");
  await expectFocus(page.getByTestId("client-panel"));
  await press("Escape");
  await expectFocus(map);

  // The help.
  await press("?");
  await page.getByRole("dialog", { name: "Help" }).waitFor();
  await press("Escape");
  await page.getByRole("dialog", { name: "Help" }).waitFor({ state: "hidden" });
  expectQuiet(opened);
});

for (const [name, viewport] of [
  ["wide", DESKTOP],
  ["low", { width: 1024, height: 500 }],
  ["phone", PHONE],
] as const) {
  test(`whatever has the focus has a name and is in sight, ${name}`, async (context) => {
    const { page } = await openRun(needChromium(context), "/?run_id=run-first", viewport);
    await runIsRead(page);
    const stops = await walk(page);
    expect(stops.length).toBeGreaterThan(20);
    expect(stops.filter(({ name }) => name === "").map(({ html }) => html)).toEqual([]);
    expect(stops.filter(({ isSeen }) => !isSeen).map(({ html }) => html)).toEqual([]);
  });
}

const STATES: readonly {
  readonly name: string;
  readonly path: string;
  readonly reach?: (page: Page) => Promise<void>;
  readonly viewport?: { readonly width: number; readonly height: number };
}[] = [
  { name: "help", path: "/?run_id=run-first", reach: (page) => page.getByTestId("help").click() },
  { name: "runs", path: "/?run_id=run-first#compare=run-second", reach: openRuns },
  { name: "runs, on a phone", path: "/?run_id=run-first#compare=run-second", reach: openRuns, viewport: PHONE },
  {
    name: "a search with a mistake",
    path: "/?run_id=run-first",
    async reach(page) {
      await page.getByTestId("search").fill("local_accuracy<abc");
      await page.getByTestId("search-problem").waitFor();
    },
  },
  {
    name: "a search with suggestions",
    path: "/?run_id=run-first",
    async reach(page) {
      await page.getByTestId("search").pressSequentially("status:");
      await page.getByRole("option").first().waitFor();
      await page.keyboard.press("ArrowDown");
    },
  },
  { name: "no such run", path: "/?run_id=run-nowhere", reach: noteIsThere },
  { name: "a run without rounds", path: "/?run_id=run-empty", reach: noteIsThere },
  { name: "a client, on a phone", path: "/?run_id=run-first#client=site-000003", viewport: PHONE },
  ...PANELS.map((panel) => ({ name: `${panel}, embedded`, path: `/?run_id=run-first&embed=1&panel=${panel}` })),
  ...VIEWS.map((view) => ({ name: `${view}, on a phone`, path: `/?run_id=run-first#view=${view}`, viewport: PHONE })),
  ...TABS.map((tab) => ({
    name: `${tab}, on a phone`,
    path: `/?run_id=run-first#view=clients&tab=${tab}`,
    viewport: PHONE,
  })),
];

for (const { name, path, reach, viewport } of STATES) {
  test(`open to everybody: ${name}`, async (context) => {
    const { page } = await openRun(needChromium(context), path, viewport);
    if (reach !== noteIsThere) await runIsRead(page);
    await reach?.(page);
    await expectAccessible(page);
  });
}

test("open to everybody: a server that went away", async (context) => {
  const hivewatch = await startHivewatch({ runsDir: await temporaryFolder() });
  const run = startTraining(hivewatch.grpc, { runId: "run-live" });
  run.logClientUpdate("a", { round: 1, local_accuracy: 0.5 });
  await run.stored();
  const { page } = await openPage(needChromium(context), `${hivewatch.http}/?run_id=run-live`, { viewport: DESKTOP });
  await eventually(async () => expect(await figures(page)).toMatchObject({ round: 1 }));
  await expectAccessible(page);
  await hivewatch.kill();
  await eventually(async () => expect(await connection(page)).toBe("reconnecting"));
  await expectAccessible(page);
});

function openRun(chromium: string, path: string, viewport = DESKTOP): Promise<BrowserPage> {
  return openPage(chromium, http + path, { viewport });
}

async function runIsRead(page: Page): Promise<void> {
  await eventually(async () => {
    expect(await connection(page)).toBe("finished");
    expect(await page.getByText(/^(reading|Loading)…/).count()).toBe(0);
  });
}

async function openRuns(page: Page): Promise<void> {
  await page.getByTestId("run-picker").click();
  await page.getByTestId("run-item").first().waitFor();
}

async function noteIsThere(page: Page): Promise<void> {
  await page.getByTestId("page-note").waitFor();
}

async function pressAll(page: Page, keys: readonly string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}

async function shows(page: Page, pressed: Promise<void>, round: number): Promise<void> {
  await pressed;
  await eventually(async () => expect((await figures(page)).round).toBe(round));
}

/** What takes the focus may have to be loaded first. */
function expectFocus(element: Locator): Promise<unknown> {
  return eventually(async () => {
    const focused = await element.page().locator(":focus").ariaSnapshot();
    expect(await hasFocus(element), `the focus is on ${focused}`).toBe(true);
  });
}

function hasFocus(element: Locator): Promise<boolean> {
  return element.evaluate((found) => found.matches(":focus"));
}

/** So many stops a page has at most. */
const MAX_STOPS = 150;

/** Presses Tab until an element has the focus. */
async function tabTo(page: Page, element: Locator): Promise<void> {
  for (let i = 0; i < MAX_STOPS; i++) {
    await page.keyboard.press("Tab");
    if ((await element.count()) === 1 && (await hasFocus(element))) return;
  }
  throw new Error(`Tab doesn't lead to ${element}`);
}

interface Stop {
  readonly html: string;
  /** What a screen reader says of it. */
  readonly name: string;
  /** Whether its middle is in the window, and nothing lies over it. */
  readonly isSeen: boolean;
}

/** Goes through everything that takes the focus. */
async function walk(page: Page): Promise<Stop[]> {
  const stops: Stop[] = [];
  while (stops.length < MAX_STOPS) {
    await page.keyboard.press("Tab");
    const html = String(
      await page.evaluate(
        "document.activeElement === document.body ? '' : document.activeElement.outerHTML.slice(0, 150)",
      ),
    );
    if (html === "") return stops;
    stops.push({ html, name: await nameOfFocus(page), isSeen: await isFocusSeen(page) });
  }
  throw new Error("Tab goes on for ever");
}

async function nameOfFocus(page: Page): Promise<string> {
  const focus = page.locator(":focus");
  const [, name] = /"(.+?)"/.exec(await focus.ariaSnapshot()) ?? [];
  // A snapshot passes over what opens a part of the page.
  return name ?? (await focus.getAttribute("aria-label")) ?? (await focus.textContent()) ?? "";
}

async function isFocusSeen(page: Page): Promise<boolean> {
  const isSeen: unknown = await page.evaluate(`(() => {
    const { activeElement } = document;
    const { left, top, width, height } = activeElement.getBoundingClientRect();
    const there = document.elementFromPoint(left + width / 2, top + height / 2);
    return there !== null && (activeElement.contains(there) || there.contains(activeElement) ||
      there.closest("label")?.contains(activeElement) === true);
  })()`);
  return isSeen === true;
}
