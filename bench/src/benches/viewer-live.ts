import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeBatch } from "@hivewatch/runs";
import type { Browser, Page } from "playwright-core";
import { type Bench, demand, figureAtMost, type Measured } from "../bench.ts";
import { producerOf } from "../lib/batches.ts";
import { longestTask, newPage, openBrowser, SHOWN, waitFor } from "../lib/browser.ts";
import { openPublisher } from "../lib/publisher.ts";
import { startHivewatch } from "../lib/servers.ts";
import { median } from "../lib/statistics.ts";
import { beginning, roundOf } from "../lib/viewer-run.ts";

const CLIENTS = 1_000;
const ROUNDS_PER_SECOND = 10;
const LOOK_MS = 500;

/** The page's tasks are looked at for so long, each time its memory was so often. */
const TRACE_MS = 2_000;
const TRACE_EVERY = 10;

/** So far may a page be behind that has to share its machine. */
const PATIENCE_MS = 600_000;

interface Watched {
  /** CPU time: others' work on the machine is not the page's. */
  readonly longestTaskMs: number;
  /** Of the page's process, with its worker, as often as it was looked at. */
  readonly rssBytes: readonly number[];
  /** From the last event until the page showed its round. */
  readonly lateMs: number;
}

/** Whether a page keeps up with a training that is far too quick for people. */
export const viewerLive: Bench = {
  name: "viewer-live",
  what: "a page that follows 10k events/s (1,000 clients, 10 rounds/s) for 10 minutes: longest task, memory, age at the end",
  async run({ quick, say }) {
    const seconds = quick ? 3 : 600;
    const browser = await openBrowser();
    try {
      return measuredOf(await watch(browser, seconds, say));
    } finally {
      await browser.close();
    }
  },
};

function measuredOf({ longestTaskMs, rssBytes, lateMs }: Watched): Measured[] {
  const figure = (name: string, unit: string, value: number, most: number): Measured => ({
    name: `viewer-live.${name}`,
    unit,
    goal: figureAtMost(most),
    figures: [value],
    floors: [],
    floor: "",
  });
  const quarter = Math.max(1, rssBytes.length >> 2);
  const growth = median(rssBytes.slice(-quarter)) / median(rssBytes.slice(quarter, 2 * quarter));
  return [
    figure("longest-task", "ms", longestTaskMs, 100),
    figure("late", "ms", lateMs, 2_000),
    figure("memory-growth", "times", growth, 1.1),
  ];
}

async function watch(browser: Browser, seconds: number, say: (message: string) => void): Promise<Watched> {
  const server = await startHivewatch();
  const publisher = openPublisher(server.address);
  const number = producerOf("live");
  await publisher.publish([encodeBatch(number(beginning()))]);
  const page = await newPage(browser);
  await page.goto(`${server.http}/?run_id=live`);
  const rounds = seconds * ROUNDS_PER_SECOND;
  const rssBytes: number[] = [];
  const pid = await rendererOf(browser);
  const longest: number[] = [];
  let isOver = false;
  const looking = (async () => {
    // How long opening takes is another bench.
    await waitFor(page, SHOWN);
    while (!isOver) {
      rssBytes.push(rssOf(pid));
      if (rssBytes.length % TRACE_EVERY === 1) longest.push(await longestTask(browser, page, TRACE_MS));
      if (rssBytes.length % 30 === 0) say(stateOf(rssBytes, longest, await shownRound(page)));
      await sleep(LOOK_MS);
    }
  })();
  const begun = performance.now();
  for (let round = 1; round <= rounds; round++) {
    await sleep(Math.max(0, begun + (round * 1000) / ROUNDS_PER_SECOND - performance.now()));
    await publisher.publish(Array.from(roundOf(round, CLIENTS), (payload) => encodeBatch(number(payload))));
  }
  const sent = performance.now();
  await waitFor(page, `${SHOWN_ROUND} === ${rounds}`, PATIENCE_MS);
  const lateMs = performance.now() - sent;
  isOver = true;
  await looking;
  // However short it was, there is something to compare with the beginning.
  rssBytes.push(rssOf(pid));
  publisher.close();
  await server.stop();
  return { longestTaskMs: Math.max(...longest), rssBytes, lateMs };
}

const SHOWN_ROUND = `Number(document.querySelector("[data-testid=round-number]")?.dataset.value ?? Number.NaN)`;

function shownRound(page: Page): Promise<number> {
  return page.evaluate<number>(SHOWN_ROUND);
}

function stateOf(rssBytes: readonly number[], longest: readonly number[], round: number): string {
  const megabytes = Math.round((rssBytes.at(-1) ?? 0) / 1e6);
  return `round ${round}: ${megabytes} MB, tasks of ${Math.round(Math.max(...longest))} ms at most`;
}

/** The process of the only page. */
async function rendererOf(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const renderers = processInfo.filter(({ type }) => type === "renderer");
  const largest = renderers.sort((a, b) => rssOf(b.id) - rssOf(a.id))[0];
  demand(largest !== undefined, "the page has no process");
  return largest.id;
}

function rssOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return 1024 * Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN);
}
