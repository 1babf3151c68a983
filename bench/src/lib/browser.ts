import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type Browser, chromium, type Page } from "playwright-core";
import { demand, Missing } from "../bench.ts";

const EXECUTABLE = process.env.HIVEWATCH_TEST_CHROMIUM ?? "/usr/bin/chromium";

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A browser without a GPU, at work until it is told to close. */
export async function openBrowser(): Promise<Browser> {
  if (!existsSync(EXECUTABLE)) throw new Missing("no Chromium was found: name yours in HIVEWATCH_TEST_CHROMIUM");
  return chromium.launch({ executablePath: EXECUTABLE, args: ARGUMENTS });
}

/** So long a new window is busy with its own user interface, which takes as much time as our page. */
const WINDOW_MS = 1_000;

/** A page of its own, in a window that is ready: nothing is in its cache. */
export async function newPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await sleep(WINDOW_MS);
  return page;
}

/** The viewer says when it has drawn a round for the first time. */
export const SHOWN = `performance.getEntriesByName("round-shown").length > 0`;

/** When that was, in ms from the navigation. */
export function shownAt(page: Page): Promise<number> {
  return page.evaluate<number>(`performance.getEntriesByName("round-shown")[0].startTime`);
}

/** Counts frames while something goes on. @returns frames a second */
export async function framesPerSecond(page: Page, during: () => Promise<void>): Promise<number> {
  await page.evaluate(COUNT_FRAMES);
  await during();
  return page.evaluate<number>("window.countedFrames()");
}

const COUNT_FRAMES = `{
  let frames = 0;
  let running = true;
  const begun = performance.now();
  requestAnimationFrame(function count() {
    frames++;
    if (running) requestAnimationFrame(count);
  });
  window.countedFrames = () => {
    running = false;
    return (1000 * frames) / (performance.now() - begun);
  };
}`;

/** Drags from the middle of a place to and fro, as a hand does: with an event for about every frame. */
export async function drag(
  page: Page,
  place: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
  ms: number,
): Promise<void> {
  const [x, y] = [place.x + place.width / 2, place.y + place.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  const begun = performance.now();
  for (let passed = 0; passed < ms; passed = performance.now() - begun) {
    await page.mouse.move(x + 120 * Math.sin(passed / 200), y + 40 * Math.sin(passed / 330));
  }
  await page.mouse.up();
}

const LOOK_MS = 20;

/** Waits until an expression is true in the page, whose policy lets it wait for none by itself. */
export async function waitFor(page: Page, expression: string, timeoutMs = 60_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await page.evaluate<boolean>(`Boolean(${expression})`))) {
    demand(performance.now() < end, `the page has waited too long for ${expression}`);
    await sleep(LOOK_MS);
  }
}

/** The longest task of a page's main thread in a while, as CPU time in ms. */
export async function longestTask(browser: Browser, page: Page, whileMs: number): Promise<number> {
  await browser.startTracing(page, { categories: ["toplevel", "devtools.timeline"] });
  await sleep(whileMs);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  return longestOf(traceEvents);
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ph: string;
  /** Of its thread's CPU time, in µs. */
  readonly tdur?: number;
}

function longestOf(events: readonly TraceEvent[]): number {
  // Of all processes only the page's has layouts.
  const page = events.find(({ name }) => name === "UpdateLayoutTree");
  const tasks = events.filter(
    ({ name, ph, pid, tid }) => name.endsWith("RunTask") && ph === "X" && pid === page?.pid && tid === page.tid,
  );
  demand(tasks.length > 0, "the page did nothing");
  return tasks.reduce((longest, { tdur = 0 }) => Math.max(longest, tdur), 0) / 1000;
}
