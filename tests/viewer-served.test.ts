import { cp } from "node:fs/promises";
import { join } from "node:path";
import {
  eventually,
  inRepository,
  startHivewatch,
  startMap,
  syntheticRun,
  temporaryFolder,
} from "@hivewatch/test-support";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { expectQuiet, openPage } from "./support/browser.ts";
import { serve, serveFiles, serveUnder } from "./support/http-servers.ts";
import { needChromium } from "./support/parts.ts";
import { startTraining } from "./support/training.ts";
import { connection, figures, isRead, runStatus, shownClients } from "./support/viewer.ts";
import { DESKTOP, forEveryPart } from "./support/walk-page.ts";
import { writeRun } from "./support/write-run.ts";

const RUN_ID = "run 1 ü";
const PREFIX = "/some/prefix/";

test("under a path of another server, the page and its stream work as at the root", async (context) => {
  const hivewatch = await startHivewatch({ runsDir: await temporaryFolder() });
  const proxy = await serveUnder(PREFIX, hivewatch.http);
  const opened = await openPage(needChromium(context), `${proxy}${PREFIX}?run_id=${encodeURIComponent(RUN_ID)}`);
  const { page, requests } = opened;
  await eventually(async () => expect(await connection(page)).toBe("waiting"));

  const run = startTraining(hivewatch.grpc, { runId: RUN_ID });
  run.roundStart(1, ["a", "b"]);
  run.logClientUpdate("a", { round: 1, local_accuracy: 0.5 });
  // Shown before the run is over: the proxy lets the stream through.
  await eventually(async () => {
    expect(await connection(page)).toBe("live");
    expect(await figures(page)).toMatchObject({ round: 1, selected: 2, completed: 1 });
  });
  run.logRound(1, { global_accuracy: 0.75 });
  await run.finish();
  await eventually(async () => expect(await connection(page)).toBe("finished"));

  await page.reload();
  await eventually(async () => expect(await figures(page)).toMatchObject({ round: 1, accuracy: 0.75 }));
  await forEveryPart(page, async () => {});
  await page.getByTestId("run-picker").click();
  await page.getByTestId("run-item").waitFor();
  expect(requests.filter((address) => !address.startsWith(`${proxy}${PREFIX}`))).toEqual([]);
  expectQuiet(opened);
});

test("from a server of files alone, without ranges, a saved run is shown whole", async (context) => {
  const dir = await folderWithViewer();
  await writeRun(join(dir, "runs"), RUN_ID, syntheticRun({ runId: RUN_ID, clients: 40, rounds: 8, seed: 6 }));
  const files = await serveFiles(dir);
  const map = encodeURIComponent(`../runs/${RUN_ID}.map2.json`);
  const opened = await openPage(needChromium(context), `${files}/viewer/?map=${map}`, { viewport: DESKTOP });
  const { page, requests } = opened;
  await savedRunIsRead(page);
  const own = await pictureOf(page);
  expect(own.name).toBe(RUN_ID);
  expect(await page.title()).toBe(`${RUN_ID} · HiveWatch`);

  // As our own server tells it.
  const http = await startMap(join(dir, "runs"));
  const truth = await openPage(needChromium(context), `${http}/?run_id=${encodeURIComponent(RUN_ID)}`);
  await truth.page.setViewportSize(DESKTOP);
  await isRead(truth.page);
  expect({ ...own, name: undefined }).toEqual({ ...(await pictureOf(truth.page)), name: undefined });

  // The address goes on naming the file, and what is seen of it.
  await page.getByTestId("scrubber").fill("2");
  await page.getByTestId("tab-participation").click();
  await eventually(() => expect(page.url()).toMatch(/\?map=.*#round=3&tab=participation$/));
  await page.reload();
  await savedRunIsRead(page);
  expect(await figures(page)).toMatchObject({ round: 3 });
  expect(await page.getByTestId("tab-participation").getAttribute("aria-selected")).toBe("true");
  await forEveryPart(page, async () => {});

  const asked = requests.map((address) => decodeURIComponent(new URL(address).pathname));
  expect(asked.filter((path) => path === "/viewer/runs" || path === "/viewer/stream")).toEqual([]);
  expect(asked.filter((path) => path === `/runs/${RUN_ID}.map2`).length).toBeGreaterThan(0);
  expectQuiet(opened);
});

test("a panel of a saved run stands alone, and leads to its page", async (context) => {
  const dir = await folderWithViewer();
  await writeRun(join(dir, "viewer"), "saved", syntheticRun({ runId: "saved", clients: 5, rounds: 3, seed: 7 }));
  const files = await serveFiles(dir);
  const opened = await openPage(
    needChromium(context),
    `${files}/viewer/index.html?map=saved.map2.json&embed=1&panel=figures`,
  );
  const { page } = opened;
  await eventually(async () => expect(await figures(page)).toMatchObject({ round: 3 }));
  expect(await page.getByRole("link").getAttribute("href")).toMatch(/^\?map=saved.map2.json(#|$)/);
  expectQuiet(opened);
});

test("a page of another site shows a panel in a frame if it is allowed to, else none", async (context) => {
  const dir = await temporaryFolder();
  await writeRun(dir, "framed", syntheticRun({ runId: "framed", clients: 5, rounds: 3, seed: 9 }));
  let frame = "";
  const site = await serve((_request, response) => {
    response.writeHead(200, { "Content-Type": "text/html" }).end(`<iframe src="${frame}"></iframe>`);
  });
  const chromium = needChromium(context);
  for (const args of [
    ["--allow-embed", "https://wiki.example", "--allow-embed", site],
    ["--allow-embed", "https://wiki.example"],
    [],
  ]) {
    frame = `${await startMap(dir, ...args)}/?run_id=framed&embed=1&panel=figures`;
    const { page, problems } = await openPage(chromium, site);
    if (args.includes(site)) {
      await page.frameLocator("iframe").locator('[data-testid="round-number"][data-value="3"]').waitFor();
      expect(problems).toEqual([]);
    } else {
      await eventually(() => expect(problems.join()).toContain("frame-ancestors"));
    }
  }
});

test("a file that is not there, or no map, is told of", async (context) => {
  const dir = await folderWithViewer();
  const files = await serveFiles(dir);
  const opened = await openPage(needChromium(context), `${files}/viewer/?map=none.map2.json`);
  const { page, problems } = opened;
  await page.getByTestId("page-note").getByText("There is nothing to read").waitFor();
  expect(await connection(page)).toBe("saved");
  expect(problems.filter((problem) => !problem.includes("status of 404"))).toEqual([]);
});

test("an address can't send the page to another server", async (context) => {
  const strangers: string[] = [];
  const stranger = await serve((request, response) => {
    strangers.push(request.url ?? "");
    response.writeHead(200, { "Access-Control-Allow-Origin": "*" }).end("{}");
  });
  const dir = await folderWithViewer();
  const files = await serveFiles(dir);
  const { host } = new URL(stranger);
  for (const map of [
    `${stranger}/a.map2.json`,
    `//${host}/a.map2.json`,
    `/\\${host}/a.map2.json`,
    `\t//${host}/a.map2.json`,
  ]) {
    const { page, requests } = await openPage(needChromium(context), `${files}/viewer/?map=${encodeURIComponent(map)}`);
    // As if there had been no such parameter: this page then asks its own server for runs.
    await eventually(() => expect(requests.some((address) => address === `${files}/viewer/runs`)).toBe(true));
    await page.getByRole("heading", { name: "Connecting…" }).waitFor();
  }
  expect(strangers).toEqual([]);
});

/** A folder with the built viewer in `viewer/`. */
async function folderWithViewer(): Promise<string> {
  const dir = await temporaryFolder();
  await cp(inRepository("packages/map-server/viewer"), join(dir, "viewer"), { recursive: true });
  return dir;
}

async function savedRunIsRead(page: Page): Promise<void> {
  await isRead(page, "saved");
  await eventually(async () => expect((await figures(page)).round).toBeDefined());
}

interface Picture {
  readonly name: string | null;
  readonly status: string | null;
  readonly figures: unknown;
  readonly clients: readonly string[];
  readonly findings: string | null;
}

/** What the page says of a run. */
async function pictureOf(page: Page): Promise<Picture> {
  const name = page.getByTestId("run-name");
  return {
    name: (await name.count()) === 0 ? null : await name.textContent(),
    status: await runStatus(page),
    figures: await figures(page),
    clients: await shownClients(page),
    findings: await page.getByTestId("finding-count").getAttribute("data-value"),
  };
}
