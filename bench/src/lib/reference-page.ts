import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { demand } from "../bench.ts";
import { newPage, waitFor } from "./browser.ts";
import { type Child, startChild } from "./child.ts";
import { findReference } from "./pythons.ts";

const require = createRequire(import.meta.url);

/** The web server of Python hivewatch. */
export interface ReferenceServer {
  readonly http: string;
  stop(): Promise<void>;
}

/** Starts it over a folder of runs. */
export async function startReferenceServer(runsDir: string): Promise<ReferenceServer> {
  const port = await freePort();
  const http = `http://127.0.0.1:${port}`;
  const options = ["--host", "127.0.0.1", "--port", `${port}`, "--runs-dir", runsDir];
  const child: Child = startChild(findReference(), ["-m", "hivewatch", "map", "run", ...options]);
  const end = performance.now() + 60_000;
  while (!(await isUp(http))) {
    demand(performance.now() < end, "the server of Python hivewatch doesn't answer");
    await sleep(50);
  }
  return { http, stop: () => child.stop() };
}

async function isUp(http: string): Promise<boolean> {
  try {
    return (await fetch(`${http}/health`)).ok;
  } catch {
    return false;
  }
}

/**
 * Opens its page, and plays the only run as soon as it has been loaded: before that it shows nothing of it.
 *
 * @returns the page, and the time from the navigation until it had drawn a mark for each client, in ms
 */
export async function openReferencePage(
  browser: Browser,
  http: string,
  clients: number,
): Promise<{ readonly page: Page; readonly ms: number }> {
  const page = await newPage(browser);
  await serveLeaflet(page, http);
  await page.addInitScript(openFirstRun(clients));
  await page.goto(http);
  await waitFor(page, "window.shownAt", 300_000);
  return { page, ms: await page.evaluate<number>("window.shownAt") };
}

/** In the page: clicks what there is to click, and looks when it is done, without anybody's delay in between. */
function openFirstRun(clients: number): string {
  return `(() => {
    let next = 0;
    const steps = [".run-item", "#play-btn:enabled"];
    const look = () => {
      const button = document.querySelector(steps[next] ?? "#none");
      if (button !== null) {
        next++;
        button.click();
      }
      if (document.querySelectorAll(".leaflet-marker-icon").length < ${clients}) setTimeout(look, 5);
      else requestAnimationFrame(() => setTimeout(() => { window.shownAt = performance.now(); }));
    };
    look();
  })()`;
}

/** Gives the page the map library that it loads from elsewhere, at once, and refuses it everything else from there. */
async function serveLeaflet(page: Page, http: string): Promise<void> {
  const files = new Map([
    [
      "leaflet.min.js",
      { contentType: "text/javascript", body: readFileSync(require.resolve("leaflet/dist/leaflet.js")) },
    ],
    ["leaflet.min.css", { contentType: "text/css", body: readFileSync(require.resolve("leaflet/dist/leaflet.css")) }],
  ]);
  await page.route(
    (url) => url.origin !== http,
    (route) => {
      const file = files.get(new URL(route.request().url()).pathname.split("/").at(-1) ?? "");
      return file === undefined ? route.abort() : route.fulfill(file);
    },
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  demand(typeof address === "object" && address !== null, "a TCP server has a port");
  return address.port;
}
