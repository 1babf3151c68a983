import { setTimeout as sleep } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { atLeast, atMost, type Bench, type Measured } from "../bench.ts";
import { framesPerSecond, newPage, openBrowser, SHOWN, shownAt, waitFor } from "../lib/browser.ts";
import { newFolder } from "../lib/left-over.ts";
import { openReferencePage, startReferenceServer } from "../lib/reference-page.ts";
import { startHivewatch } from "../lib/servers.ts";
import { writeViewerRun } from "../lib/viewer-run.ts";

const ROUNDS = 50;
const RUN = "run-both";

interface Size {
  readonly clients: number;
  readonly name: string;
  readonly turns: number;
}

/** With ten times as many clients its server takes gigabytes, and its page gives up. */
const FULL: readonly Size[] = [
  { clients: 300, name: "300", turns: 3 },
  { clients: 2_000, name: "2k", turns: 1 },
];
const QUICK: readonly Size[] = [{ clients: 20, name: "300", turns: 1 }];

/** The same saved runs in the viewer of Python hivewatch, which reads our files. */
export const viewerReference: Bench = {
  name: "viewer-reference",
  what: "a saved run of 50 rounds in our viewer and in that of Python hivewatch 0.3: opening and replay, 300 and 2,000 clients",
  async run({ quick, say }) {
    const browser = await openBrowser();
    try {
      const results: Measured[] = [];
      for (const size of quick ? QUICK : FULL)
        results.push(...(await compare(browser, size, quick ? 500 : 5_000, say)));
      return results;
    } finally {
      await browser.close();
    }
  },
};

interface Seen {
  readonly openMs: number;
  readonly framesPerSecond: number;
}

async function compare(
  browser: Browser,
  { clients, name, turns }: Size,
  ms: number,
  say: (message: string) => void,
): Promise<Measured[]> {
  const dir = newFolder();
  await writeViewerRun(dir, RUN, clients, ROUNDS);
  const ours: Seen[] = [];
  const theirs: Seen[] = [];
  const server = await startHivewatch(["--runs-dir", dir]);
  const reference = await startReferenceServer(dir);
  for (let turn = 0; turn < turns; turn++) {
    ours.push(await seeOurs(browser, server.http, ms));
    theirs.push(await seeTheirs(browser, reference.http, clients, ms));
    say(`${clients} clients: ours open in ${told(ours)}, theirs in ${told(theirs)}`);
  }
  await server.stop();
  await reference.stop();
  const common = { floor: "the page of Python hivewatch" };
  return [
    {
      ...common,
      name: `viewer-reference.open-${name}`,
      unit: "ms",
      goal: atMost(1),
      figures: ours.map(({ openMs }) => openMs),
      floors: theirs.map(({ openMs }) => openMs),
    },
    {
      ...common,
      name: `viewer-reference.replay-${name}`,
      unit: "frames/s",
      goal: atLeast(1),
      figures: ours.map((seen) => seen.framesPerSecond),
      floors: theirs.map((seen) => seen.framesPerSecond),
    },
  ];
}

function told(seen: readonly Seen[]): string {
  return `${Math.round(seen.at(-1)?.openMs ?? 0)} ms`;
}

/** Both play their rounds at their usual pace. */
async function seeOurs(browser: Browser, http: string, ms: number): Promise<Seen> {
  const page = await newPage(browser);
  await page.goto(`${http}/?run_id=${RUN}#round=1`);
  await waitFor(page, SHOWN);
  const openMs = await shownAt(page);
  await page.keyboard.press(" ");
  const frames = await framesPerSecond(page, () => sleep(ms));
  await page.context().close();
  return { openMs, framesPerSecond: frames };
}

async function seeTheirs(browser: Browser, http: string, clients: number, ms: number): Promise<Seen> {
  const { page, ms: openMs } = await openReferencePage(browser, http, clients);
  const frames = await framesPerSecond(page, () => sleep(ms));
  await page.context().close();
  return { openMs, framesPerSecond: frames };
}
