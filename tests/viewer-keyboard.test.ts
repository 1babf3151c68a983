import { eventually, startHivewatch, startMap, syntheticRun, temporaryFolder } from "@hivewatch/test-support";
import type { Locator, Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { TABS, VIEWS } from "../apps/map/src/page-state.ts";
import { PANELS } from "../apps/map/src/run-address.ts";
import { expectAccessible } from "./support/axe.ts";
import { type BrowserPage, expectQuiet, openPage } from "./support/browser.ts";
import { needChromium } from "./support/parts.ts";
import { startTraining } from "./support/training.ts";
import { connection, figures, isRead } from "./support/viewer.ts";
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
  await writeRun(dir, "run-grid", runWithoutPlaces("run-grid"));
  await writeRun(
    dir,
    "run-docked",
    withoutServer(syntheticRun({ runId: "run-docked", clients: 150, rounds: 2, seed: 3 })),
  );
  await writeRun(dir, "run-empty", [
    { ...empty, event_type: "init", algorithm: "FedAvg", config: {} },
    { ...empty, event_type: "finished", status: "aborted", reason: "never began" },
  ]);
  http = await startMap(dir);
});

test("a run is found, looked through and replayed with the keyboard alone", async (context) => {
  const opened = await openRun(needChromium(context), "/?run_id=run-second");
  await isRead(opened.page);
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
  await isRead(page);

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

  // What a chart says in numbers, and back.
  const accuracy = page.locator('[data-chart="accuracy"]');
  await tabTo(page, accuracy.locator("summary"));
  await press("Enter");
  await tabTo(page, accuracy.getByRole("button", { name: "Show as table" }));
  await press("Enter");
  const twin = accuracy.getByRole("table");
  await twin.waitFor();
  await tabTo(page, twin.getByRole("button").nth(2));
  await shows(page, press("Enter"), 3);
  await tabTo(page, accuracy.locator("summary"));
  await press("Enter");
  await tabTo(page, accuracy.getByRole("button", { name: "Show the chart" }));
  await press("Enter");
  await twin.waitFor({ state: "detached" });

  // Another chart.
  await tabTo(page, page.locator(".chart-picker summary"));
  await press("Enter");
  const norm = page.getByRole("checkbox", { name: "Gradient norm", exact: true });
  await norm.waitFor();
  await tabTo(page, norm);
  await press("Space");
  await page.locator('[data-chart="client.gradient_norm"]').waitFor();
  await press("Escape");

  // Who took part: from cell to cell, to a client and a round.
  await press("2");
  const matrix = page.locator(".matrix-scroll");
  await tabTo(page, page.getByRole("button", { name: "Larger cells" }));
  await press("Enter");
  await tabTo(page, matrix);
  await shows(page, press("ArrowDown", "Home", "ArrowRight", "Enter"), 2);
  await expectFocus(page.getByTestId("client-panel"));
  await press("Escape");
  await expectFocus(matrix);

  // Another field's distribution, and each client's own chart of it.
  await press("3");
  await page.getByTestId("distribution").waitFor();
  await tabTo(page, page.getByRole("combobox", { name: "Metric" }));
  await page.keyboard.type("Loss");
  await page.getByText("Loss over the rounds").waitFor();
  await press("Tab");
  await press("4");
  await page.getByTestId("multiples").waitFor();
  const chart = page.locator(".multiple").first();
  await tabTo(page, page.getByRole("button", { name: "The next clients" }));
  const before = await chart.textContent();
  await press("Enter");
  await page.getByText("25–48 of 60").waitFor();
  // Until their rounds have come, the charts are those of the clients before.
  await eventually(async () => expect(await chart.textContent()).not.toBe(before));
  await tabTo(page, chart);
  await press("Enter");
  await expectFocus(page.getByTestId("client-panel"));
  await press("Escape");

  // A file.
  await press("1");
  await tabTo(page, page.getByTestId("export-csv"));
  const [download] = await Promise.all([page.waitForEvent("download"), press("Enter")]);
  expect(download.suggestedFilename()).toContain("run-first");

  // Beside another run.
  await tabTo(page, page.getByTestId("run-picker"));
  await press("Enter");
  // What was searched for before is still there.
  await expectFocus(page.getByRole("searchbox", { name: "Search runs" }));
  await press("Control+A", "Delete");
  await page.getByRole("checkbox", { name: "Compare run-second" }).waitFor();
  await tabTo(page, page.getByRole("checkbox", { name: "Compare run-second" }));
  await press("Space");
  await page.getByRole("region", { name: "Table of differences" }).waitFor();
  await press("Escape");
  await page.getByRole("list", { name: "Compared runs" }).getByText("run-second").waitFor();

  // What the run is.
  await tabTo(page, page.getByTestId("about-run"));
  await press("Enter");
  await page.getByRole("dialog", { name: "run-first" }).getByText("FedAvg").first().waitFor();
  await press("Escape");

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
    await isRead(page);
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
  readonly colorScheme?: "dark";
}[] = [
  { name: "about the run", path: "/?run_id=run-first", reach: (page) => page.getByTestId("about-run").click() },
  { name: "charts as tables", path: "/?run_id=run-first#table=accuracy&table=bytes", reach: twinsAreThere },
  { name: "compared runs, dark", path: "/?run_id=run-first#compare=run-second", colorScheme: "dark" },
  { name: "a grid of clients", path: "/?run_id=run-grid#group=tier" },
  { name: "a grid of clients, dark", path: "/?run_id=run-grid", colorScheme: "dark" },
  { name: "a server of which nobody knows the place", path: "/?run_id=run-docked" },
  { name: "a search that finds nobody, dark", path: "/?run_id=run-first#filter=nobody", colorScheme: "dark" },
  { name: "coloured by a value, dark", path: "/?run_id=run-first#color=local_loss", colorScheme: "dark" },
  { name: "the menus", path: "/?run_id=run-first", reach: openMenus },
  { name: "the column menu, dark", path: "/?run_id=run-first", reach: openColumns, colorScheme: "dark" },
  { name: "clients without a place", path: "/?run_id=run-docked", reach: openTray },
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

for (const { name, path, reach, viewport, colorScheme } of STATES) {
  test(`open to everybody: ${name}`, async (context) => {
    const options = { viewport: viewport ?? DESKTOP, ...(colorScheme && { colorScheme }) };
    const { page } = await openPage(needChromium(context), http + path, options);
    if (reach !== noteIsThere) await isRead(page);
    await reach?.(page);
    await expectAccessible(page);
  });
}

test("open to everybody: no run yet", async (context) => {
  const { page } = await openPage(needChromium(context), await startMap(await temporaryFolder()), {
    viewport: DESKTOP,
  });
  await page.getByRole("heading", { name: "No run yet" }).waitFor();
  await expectAccessible(page);
});

test("open to everybody: a run that goes on, one that is behind it, and a server that went away", async (context) => {
  const hivewatch = await startHivewatch({ runsDir: await temporaryFolder() });
  const run = startTraining(hivewatch.grpc, { runId: "run-live" });
  run.logClientUpdate("a", { round: 1, local_accuracy: 0.5 });
  await run.stored();
  const { page } = await openPage(needChromium(context), `${hivewatch.http}/?run_id=run-live`, { viewport: DESKTOP });
  await eventually(async () => expect(await figures(page)).toMatchObject({ round: 1 }));
  await expectAccessible(page);
  // Behind a run that goes on.
  run.logRound(1, { global_accuracy: 0.5 });
  run.logRound(2, { global_accuracy: 0.6 });
  await eventually(async () => expect(await figures(page)).toMatchObject({ round: 2 }));
  await page.keyboard.press("Home");
  await page.getByTestId("jump-to-live").getByText("Behind live: 1 round").waitFor();
  await expectAccessible(page);
  await hivewatch.kill();
  await eventually(async () => expect(await connection(page)).toBe("reconnecting"));
  await expectAccessible(page);
});

function openRun(chromium: string, path: string, viewport = DESKTOP): Promise<BrowserPage> {
  return openPage(chromium, http + path, { viewport });
}

async function openRuns(page: Page): Promise<void> {
  await page.getByTestId("run-picker").click();
  await page.getByTestId("run-item").first().waitFor();
}

async function twinsAreThere(page: Page): Promise<void> {
  await eventually(async () => expect(await page.locator(".twin").count()).toBe(2));
}

async function openMenus(page: Page): Promise<void> {
  await page.locator('[data-chart="divergence"] summary').click();
  await page.getByRole("button", { name: "Save as PNG" }).waitFor();
  await expectAccessible(page);
  await page.locator(".chart-picker summary").click();
  await page.getByRole("button", { name: "The usual charts" }).waitFor();
}

async function openColumns(page: Page): Promise<void> {
  await page.getByTestId("columns").click();
  await page.getByRole("button", { name: "The usual ones" }).waitFor();
}

async function openTray(page: Page): Promise<void> {
  await page.getByTestId("unlocated-count").click();
  await page.locator(".unlocated button").first().waitFor();
}

/** Nobody says where it is, but each in what tier. */
function* runWithoutPlaces(runId: string): Generator<Record<string, unknown>> {
  const told = { run_id: runId, timestamp: new Date(STARTED_AT).toISOString() };
  yield { ...told, event_type: "init", algorithm: "FedAvg", config: {} };
  for (let i = 0; i < 30; i++) {
    const client = { client_id: `site-${i}`, round: 1, tier: i % 3 === 0 ? "silver" : "gold", local_accuracy: i / 30 };
    yield { ...told, event_type: "client_update", round: 1, clients: [client] };
  }
  yield { ...told, event_type: "round_end", round: 1, clients: [], round_metrics: {} };
  yield { ...told, event_type: "finished", status: "failed", reason: "out of memory" };
}

function* withoutServer(events: Iterable<Record<string, unknown>>): Generator<Record<string, unknown>> {
  for (const event of events) if (event.event_type !== "server_metadata") yield event;
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
