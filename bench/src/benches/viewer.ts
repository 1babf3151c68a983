import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { atLeast, type Bench, demand, figureAtLeast, figureAtMost, type Measured } from "../bench.ts";
import { drag, framesPerSecond, newPage, openBrowser, SHOWN, shownAt, waitFor } from "../lib/browser.ts";
import { prepared } from "../lib/data.ts";
import { newFolder } from "../lib/left-over.ts";
import { type Hivewatch, startHivewatch } from "../lib/servers.ts";
import { writeViewerRun } from "../lib/viewer-run.ts";

interface Sizes {
  readonly clients: number;
  readonly rounds: number;
  readonly many: number;
  readonly most: number;
  /** How long frames are counted. */
  readonly ms: number;
  readonly turns: number;
}

const FULL: Sizes = { clients: 20_000, rounds: 50, many: 100_000, most: 1_000_000, ms: 3_000, turns: 3 };
const QUICK: Sizes = { clients: 200, rounds: 5, many: 1_000, most: 2_000, ms: 300, turns: 1 };

/** How quick the viewer is in a browser without a GPU. */
export const viewer: Bench = {
  name: "viewer",
  what: "the viewer in a browser without GPU: 20k clients × 50 rounds open and replay, 100k and 1M pan, size of the first load",
  async run({ quick, say }) {
    const sizes = quick ? QUICK : FULL;
    const dir = quick
      ? await fill(newFolder(), sizes)
      : await prepared("viewer", async (folder) => {
          say("writing runs of up to 1M clients, which are kept for the next time");
          await fill(folder, sizes);
        });
    const browser = await openBrowser();
    try {
      const server = await startHivewatch(["--runs-dir", dir]);
      const results = [
        await open(browser, server, sizes),
        await replay(browser, server, sizes),
        await pan(browser, server, { ...sizes, run: "many", name: "viewer.pan-100k", goal: atLeast(0.95) }),
        await pan(browser, server, { ...sizes, run: "most", name: "viewer.pan-1m", goal: figureAtLeast(20) }),
        await firstLoad(browser, server),
      ];
      await server.stop();
      return results;
    } finally {
      await browser.close();
    }
  },
};

async function fill(dir: string, { clients, rounds, many, most }: Sizes): Promise<string> {
  await writeViewerRun(dir, "rounds", clients, rounds);
  await writeViewerRun(dir, "many", many, 1);
  await writeViewerRun(dir, "most", most, 1);
  return dir;
}

/** From the navigation until the newest round stands on map and charts. */
async function open(browser: Browser, server: Hivewatch, { turns }: Sizes): Promise<Measured> {
  const figures: number[] = [];
  const floors: number[] = [];
  for (let turn = 0; turn < turns; turn++) {
    const page = await openRun(browser, server, "rounds");
    figures.push(await shownAt(page));
    await page.context().close();
    floors.push(await openFloor(browser, server, "rounds"));
  }
  const floor = "a bare page that fetches and unpacks the same parts of the run";
  return { name: "viewer.open", unit: "ms", goal: figureAtMost(600), figures, floors, floor };
}

async function openRun(browser: Browser, server: Hivewatch, run: string, fragment = ""): Promise<Page> {
  const page = await newPage(browser);
  await page.goto(`${server.http}/?run_id=${run}${fragment}`);
  await waitFor(page, SHOWN);
  return page;
}

async function openFloor(browser: Browser, server: Hivewatch, run: string): Promise<number> {
  const page = await newPage(browser);
  const body = `<!doctype html><script type="module">${floorProgram(run)}</script>`;
  await page.route(`${server.http}/floor`, (route) => route.fulfill({ contentType: "text/html", body }));
  await page.goto(`${server.http}/floor`);
  await waitFor(page, "window.unpackedAt");
  const ms = await page.evaluate<number>("window.unpackedAt");
  await page.context().close();
  return ms;
}

/** Fetches the head, the clients and the newest round of a run. */
function floorProgram(run: string): string {
  return `
    const head = await (await fetch("/runs/${run}/map2")).json();
    const places = [...head.clients.parts, ...head.rounds.at(-1).parts];
    const parts = await Promise.all(places.map(async ([first, length]) => {
      const range = "bytes=" + first + "-" + (first + length - 1);
      const response = await fetch("/runs/${run}/map2/frames", { headers: { Range: range } });
      return new Response(response.body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
    }));
    requestAnimationFrame(() => setTimeout(() => { window.unpackedAt = performance.now() + 0 * parts.length; }));
  `;
}

/** Frames a second while ten rounds go by in each. */
async function replay(browser: Browser, server: Hivewatch, { turns, ms, rounds }: Sizes): Promise<Measured> {
  const figures: number[] = [];
  const floors: number[] = [];
  for (let turn = 0; turn < turns; turn++) {
    const page = await openRun(browser, server, "rounds", "#round=1");
    for (let step = 0; step < 3; step++) await page.keyboard.press(">");
    await page.keyboard.press(" ");
    figures.push(await framesPerSecond(page, () => sleep(ms)));
    const shown = Number(await page.getByTestId("round-number").getAttribute("data-value"));
    demand(shown > 1 && shown <= rounds, `the replay stands at round ${shown}`);
    await page.context().close();
    floors.push(await emptyFrames(browser, () => sleep(ms)));
  }
  return { name: "viewer.replay", unit: "frames/s", goal: atLeast(0.95), figures, floors, floor: "an empty page" };
}

async function emptyFrames(browser: Browser, during: (page: Page) => Promise<void>): Promise<number> {
  const page = await newPage(browser);
  const frames = await framesPerSecond(page, () => during(page));
  await page.context().close();
  return frames;
}

interface Pan extends Sizes {
  readonly run: string;
  readonly name: string;
  readonly goal: Measured["goal"];
}

/** Frames a second while somebody drags the map. */
async function pan(browser: Browser, server: Hivewatch, { run, name, goal, turns, ms }: Pan): Promise<Measured> {
  const figures: number[] = [];
  const floors: number[] = [];
  const page = await openRun(browser, server, run);
  const place = await page.getByTestId("map-canvas").boundingBox();
  demand(place !== null, "there is no map to drag");
  // A map that shows everything can't be moved.
  await page.getByRole("button", { name: "Zoom in" }).click();
  await page.getByRole("button", { name: "Zoom in" }).click();
  await sleep(ms);
  for (let turn = 0; turn < turns; turn++) {
    figures.push(await framesPerSecond(page, () => drag(page, place, ms)));
    floors.push(await emptyFrames(browser, (empty) => drag(empty, place, ms)));
  }
  await page.context().close();
  return { name, unit: "frames/s", goal, figures, floors, floor: "an empty page" };
}

/** What a first visit fetches of the viewer itself, compressed as the server does. */
async function firstLoad(browser: Browser, server: Hivewatch): Promise<Measured> {
  const page = await newPage(browser);
  const sizes: Promise<number>[] = [];
  page.context().on("response", (response) => {
    if (isOfViewer(response.url())) sizes.push(response.body().then((body) => gzipSync(body, { level: 9 }).length));
  });
  await page.goto(`${server.http}/?run_id=rounds`);
  await waitFor(page, SHOWN);
  const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  await page.context().close();
  const figures = [bytes / 1000];
  return { name: "viewer.first-load", unit: "kB", goal: figureAtMost(130), figures, floors: [], floor: "" };
}

function isOfViewer(url: string): boolean {
  const { pathname } = new URL(url);
  return pathname === "/" || pathname.startsWith("/assets/");
}
