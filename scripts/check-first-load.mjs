import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";

const DIST = path.join(import.meta.dirname, "../apps/map/dist");

/** So much may a first visit fetch until the page shows a run, compressed. */
const MAX_BYTES = 130_000;

/**
 * What a first visit fetches: the page, what that names, and the worker that its script names. Files of earlier builds may
 * lie beside them, which turbo leaves there when it brings a build back from its cache.
 *
 * @returns {{ file: string, bytes: number }[]} each with its size as the server sends it (viewer-files.ts of
 *   map-server)
 */
export function firstLoad() {
  const page = readFileSync(path.join(DIST, "index.html"), "utf8");
  const named = [...page.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, name = ""]) => name);
  const scripts = named
    .filter((name) => name.endsWith(".js"))
    .map((name) => readFileSync(path.join(DIST, name), "utf8"));
  const workers = readdirSync(path.join(DIST, "assets")).filter(
    (name) => /^worker-.*\.js$/.test(name) && scripts.some((script) => script.includes(name)),
  );
  const files = ["index.html", ...named, ...workers.map((name) => `assets/${name}`)];
  return files.map((file) => ({ file, bytes: gzipSync(readFileSync(path.join(DIST, file)), { level: 9 }).length }));
}

/** Whether the viewer is small enough to be there at once. */
export function checkFirstLoad() {
  if (!existsSync(DIST)) return ["the viewer has not been built: run `pnpm build`"];
  const files = firstLoad();
  const sum = files.reduce((all, { bytes }) => all + bytes, 0);
  if (sum <= MAX_BYTES) return [];
  const largest = files.map(({ file, bytes }) => `  ${file}: ${bytes}`);
  return [
    `the viewer's first load takes ${sum} bytes, ${sum - MAX_BYTES} more than it may.`,
    "What is not seen at first can be loaded when it is (apps/map/src/ui/lazily.tsx).",
    ...largest,
  ];
}
