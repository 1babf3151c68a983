import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import {
  type Fields,
  fields,
  freePort,
  inRepository,
  type Program,
  runProgram,
  startProgram,
  until,
} from "@hivewatch/test-support";
import type { BrowserContext } from "playwright-core";

const require = createRequire(import.meta.url);

/** What Python hivewatch makes of a file of JSON lines. */
export async function rebuild(python: string, jsonl: string): Promise<Fields> {
  return fields(JSON.parse(await runProgram(python, [inRepository("tests/python/rebuild.py"), jsonl])));
}

/** Saves a run as Python hivewatch does. */
export async function saveRun(python: string, runsDir: string): Promise<void> {
  await runProgram(python, [inRepository("tests/python/save_run.py"), runsDir]);
}

/** Starts a run of Python hivewatch that goes on by a round with each line that it is sent. */
export function startStepwiseRun(python: string, runsDir: string): Program {
  return startProgram(python, [inRepository("tests/python/save_steps.py"), runsDir]);
}

/** Starts the viewer of Python hivewatch, and returns where it is. */
export async function startReferenceViewer(python: string, runsDir: string, ...args: string[]): Promise<string> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const options = ["--host", "127.0.0.1", "--port", String(port), "--runs-dir", runsDir, ...args];
  startProgram(python, ["-m", "hivewatch", "map", "run", ...options]);
  await until(`the viewer at ${url}`, () =>
    fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return url;
}

/** Gives its page the map library, which it loads from elsewhere, and refuses it everything else from there. */
export async function serveLeaflet(context: BrowserContext): Promise<void> {
  const files = new Map([
    ["leaflet.min.js", { contentType: "text/javascript", path: require.resolve("leaflet/dist/leaflet.js") }],
    ["leaflet.min.css", { contentType: "text/css", path: require.resolve("leaflet/dist/leaflet.css") }],
  ]);
  await context.route(
    (url) => url.hostname !== "127.0.0.1",
    async (route) => {
      const file = files.get(new URL(route.request().url()).pathname.split("/").at(-1) ?? "");
      if (file === undefined) return route.abort();
      return route.fulfill({ contentType: file.contentType, body: await readFile(file.path) });
    },
  );
}
