import { readFile } from "node:fs/promises";
import { eventually, startMap, syntheticRun, temporaryFolder } from "@hivewatch/test-support";
import type { Locator, Page } from "playwright-core";
import { PNG } from "pngjs";
import { beforeAll, expect, test } from "vitest";
import { type BrowserPage, expectQuiet, openPage } from "./support/browser.ts";
import { needChromium } from "./support/parts.ts";
import { figures, isRead, mapPixels, rowOf } from "./support/viewer.ts";
import { DESKTOP, PHONE } from "./support/walk-page.ts";
import { writeRun } from "./support/write-run.ts";

const RUN_ID = "run-a";
const CLIENTS = 60;

let http = "";

beforeAll(async () => {
  const dir = await temporaryFolder();
  await writeRun(dir, RUN_ID, syntheticRun({ runId: RUN_ID, clients: CLIENTS, rounds: 8, seed: 4 }));
  await writeRun(dir, "run-one", [
    { event_type: "init", run_id: "run-one", timestamp: "2026-01-01T08:00:00Z", algorithm: "FedAvg", config: {} },
    {
      event_type: "client_update",
      run_id: "run-one",
      timestamp: "2026-01-01T08:00:01Z",
      round: 1,
      clients: [{ client_id: "only", round: 1, local_accuracy: 0.5, lat: 10, lng: 10 }],
    },
    { event_type: "finished", run_id: "run-one", timestamp: "2026-01-01T08:00:02Z", status: "completed" },
  ]);
  http = await startMap(dir);
});

test("the map is zoomed by wheel and moved by dragging, and a link shows the same", async (context) => {
  const chromium = needChromium(context);
  const opened = await open(chromium, `#projection=mercator`);
  const { page } = opened;
  const before = await mapPixels(page);
  const map = page.getByTestId("map-canvas");
  const { x, y } = await middleOf(map);
  await page.mouse.move(x, y);
  await page.mouse.wheel(0, -300);
  await eventually(async () => expect(lookIn(page)).toHaveLength(3));
  const [lng = 0, , zoom = 0] = lookIn(page);
  expect(zoom).toBeGreaterThan(1.5);
  await page.mouse.down();
  await page.mouse.move(x - 150, y);
  await page.mouse.up();
  await eventually(async () => expect(lookIn(page)[0]).toBeGreaterThan(lng));
  const moved = await mapPixels(page);
  expect(moved).not.toEqual(before);

  await expectSameInLink(chromium, page);
  await page.getByRole("button", { name: "Fit all clients" }).click();
  await eventually(async () => {
    expect(lookIn(page)).toEqual([]);
    // The Earth may have been drawn from another corner, which makes a difference too small to be seen.
    expect((await mapPixels(page))[2]).toBe(before[2]);
  });
  expectQuiet(opened);
});

test("a globe is turned by dragging it, and a link shows the same side", async (context) => {
  const chromium = needChromium(context);
  const opened = await open(chromium, "#projection=globe");
  const { page } = opened;
  const { x, y } = await middleOf(page.getByTestId("map-canvas"));
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + 100, y);
  await page.mouse.up();
  await eventually(async () => expect(lookIn(page)).toHaveLength(3));
  await expectSameInLink(chromium, page);
  expectQuiet(opened);
});

test("a finger opens a client, two come closer", async (context) => {
  const opened = await openPage(needChromium(context), `${http}/?run_id=run-one`, { viewport: PHONE, hasTouch: true });
  const { page } = opened;
  await isDrawn(page);
  const map = page.getByTestId("map-canvas");
  await map.scrollIntoViewIfNeeded();
  const mark = await markOf(map);
  await page.touchscreen.tap(mark.x, mark.y);
  await page.getByTestId("client-panel").waitFor();
  expect(await page.getByTestId("client-panel").getAttribute("data-client-id")).toBe("only");
  await page.getByRole("button", { name: "Close" }).tap();

  const { x, y } = await middleOf(map);
  const fingers = await page.context().newCDPSession(page);
  const touch = (type: "touchStart" | "touchMove" | "touchEnd", apart: number) =>
    fingers.send("Input.dispatchTouchEvent", {
      type,
      touchPoints:
        type === "touchEnd"
          ? []
          : [
              { x: x - apart, y, id: 0 },
              { x: x + apart, y, id: 1 },
            ],
    });
  await touch("touchStart", 20);
  for (const apart of [30, 45, 60]) await touch("touchMove", apart);
  await touch("touchEnd", 60);
  await eventually(async () => expect(lookIn(page)[2]).toBeGreaterThan(1));
  expectQuiet(opened);
});

test("a click on a chart goes to the round, on the map too", async (context) => {
  const opened = await open(needChromium(context), "");
  const { page } = opened;
  const last = await mapPixels(page);
  const plot = page.locator('[data-chart="accuracy"] .u-over');
  const { width = 0, height = 0 } = (await plot.boundingBox()) ?? {};
  await plot.click({ position: { x: width * (2 / 7), y: height / 2 } });
  await eventually(async () => {
    expect((await figures(page)).round).toBe(3);
    expect(await page.getByTestId("client-table").getAttribute("data-round")).toBe("3");
    expect(await mapPixels(page)).not.toEqual(last);
  });
  expect(await page.getByTestId("scrubber").inputValue()).toBe("2");
  expectQuiet(opened);
});

test("the worst clients lead to all others in their order", async (context) => {
  const opened = await open(needChromium(context), "#tab=events");
  const { page } = opened;
  await page.locator('[data-chart="loss"]').getByRole("button", { name: "more" }).click();
  const head = page.locator('th[data-field="local_loss"]');
  await head.waitFor();
  expect(await head.getAttribute("aria-sort")).toBe("descending");
  const worst = (await page.locator('[data-chart="loss"] .worst-row bdi').first().textContent()) ?? "";
  expect(await rowOf(page, worst).getAttribute("data-row")).toMatch(/^[0-3]$/);
  expectQuiet(opened);
});

test("numbers stand under the right end of their headings", async (context) => {
  const { page } = await open(needChromium(context), "");
  for (const field of ["local_accuracy", "num_samples", "round_share"]) {
    const label = await page.locator(`th[data-field="${field}"] .head-label`).boundingBox();
    const cell = page.locator(`td[data-field="${field}"]`).first();
    const padding = Number.parseFloat(await paddingOf(cell));
    const box = await cell.boundingBox();
    if (label === null || box === null) throw new Error(`${field} is not to be seen`);
    expect(Math.abs(label.x + label.width - (box.x + box.width - padding)), field).toBeLessThan(1);
  }
});

test("tables and pictures are saved as files", async (context) => {
  const opened = await open(needChromium(context), "#filter=country:US&color=local_loss");
  const { page } = opened;
  await page.getByTestId("search-count").getByText("of 60").waitFor();
  const count = Number(await page.getByTestId("search-count").getAttribute("data-value"));

  const csv = await saved(page, page.getByTestId("export-csv"));
  expect(csv.name).toBe("run-a-round-8-clients.csv");
  const lines = csv.content.toString("utf8").trim().split("\r\n");
  expect(lines[0]).toContain("client_id,round,status,city,country,lat,lng");
  expect(lines).toHaveLength(count + 1);

  const json = await saved(page, page.getByTestId("export-json"));
  const clients: unknown = JSON.parse(json.content.toString("utf8"));
  expect(clients).toHaveLength(count);

  const map = await saved(page, page.getByRole("button", { name: "Save the map as PNG" }));
  expect(map.name).toBe("run-a-map.png");
  const { width, height } = PNG.sync.read(map.content);
  expect(width).toBeGreaterThan(500);
  expect(height).toBeGreaterThan(300);

  const accuracy = page.locator('[data-chart="accuracy"]');
  for (const [name, ending] of [
    ["Save as CSV", "csv"],
    ["Save as PNG", "png"],
  ] as const) {
    await accuracy.locator("summary").click();
    const file = await saved(page, accuracy.getByRole("button", { name }));
    expect(file.name).toBe(`run-a-Accuracy.${ending}`);
    expect(file.content.length).toBeGreaterThan(100);
  }
  expectQuiet(opened);
});

async function open(chromium: string, hash: string): Promise<BrowserPage> {
  const opened = await openPage(chromium, `${http}/?run_id=${RUN_ID}${hash}`, { viewport: DESKTOP });
  await isDrawn(opened.page);
  return opened;
}

/** A link has but three decimals of what was looked at: a page that is loaded anew has no more. */
async function expectSameInLink(chromium: string, page: Page): Promise<void> {
  const look = lookIn(page);
  const link = await openPage(chromium, page.url(), { viewport: DESKTOP });
  await isDrawn(link.page);
  await page.reload();
  await isDrawn(page);
  await eventually(async () => expect(await mapPixels(link.page)).toEqual(await mapPixels(page)));
  expect(lookIn(link.page)).toEqual(look);
}

async function isDrawn(page: Page): Promise<void> {
  await isRead(page);
  await eventually(async () => {
    // The map is drawn with its round.
    const pixels = await mapPixels(page);
    expect(pixels).toEqual(await mapPixels(page));
  });
}

/** Longitude, latitude and zoom in the address; empty: all clients. */
function lookIn(page: Page): number[] {
  const at = new URLSearchParams(new URL(page.url()).hash.slice(1)).get("at");
  return at === null ? [] : at.split(",").map(Number);
}

async function middleOf(element: Locator): Promise<{ x: number; y: number }> {
  const box = await element.boundingBox();
  if (box === null) throw new Error("it is not to be seen");
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** Where the only mark on the map is: what is drawn on the canvas of marks. */
async function markOf(map: Locator): Promise<{ x: number; y: number }> {
  const found: unknown = await map.page().evaluate(`(() => {
    const canvas = document.querySelectorAll("[data-testid=map-canvas] canvas")[2];
    const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const box = canvas.getBoundingClientRect();
    // The first that is opaque from the left: its name stands at its right.
    let [left, at] = [Infinity, 0];
    for (let i = 0; i < data.length / 4; i++) if (data[4 * i + 3] > 250 && i % width < left) [left, at] = [i % width, i];
    const scale = box.width / width;
    return { x: box.left + (left + 4) * scale, y: box.top + Math.floor(at / width) * scale };
  })()`);
  if (typeof found !== "object" || found === null || !("x" in found) || !("y" in found)) throw new Error("no mark");
  return { x: Number(found.x), y: Number(found.y) };
}

/** In pixels, as text. */
function paddingOf(element: Locator): Promise<string> {
  return element.evaluate((found) => found.ownerDocument.defaultView?.getComputedStyle(found).paddingRight ?? "");
}

interface SavedFile {
  readonly name: string;
  readonly content: Buffer;
}

async function saved(page: Page, button: Locator): Promise<SavedFile> {
  const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
  return { name: download.suggestedFilename(), content: await readFile(await download.path()) };
}
