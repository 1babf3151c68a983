import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { openRunStore } from "@hivewatch/runs";
import { listen, temporaryFolder } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { route } from "../src/routes.ts";
import { createStreamParts } from "../src/stream/stream-parts.ts";
import { loadViewer } from "../src/viewer-files.ts";
import { ask } from "./support/http.ts";

/** Serves a folder as the viewer. */
async function serve(viewerDir: string): Promise<string> {
  const store = openRunStore({ dir: await temporaryFolder() });
  const context = {
    store,
    viewer: await loadViewer(viewerDir),
    runId: undefined,
    metrics: undefined,
    streams: createStreamParts({ store, stalledAfterMs: 1000, closing: new AbortController().signal }),
  };
  const server = createServer((request, response) => {
    void route({ request, response, query: new URLSearchParams() }, request.url ?? "", context);
  });
  return `http://127.0.0.1:${await listen(server)}`;
}

async function viewer(): Promise<string> {
  const dir = join(await temporaryFolder(), "viewer");
  await mkdir(join(dir, "assets"), { recursive: true });
  await writeFile(join(dir, "index.html"), "<!doctype html><p>the viewer</p>");
  await writeFile(join(dir, "assets", "app-abc.js"), "1;".repeat(1000));
  await writeFile(join(dir, "secret.key"), "secret");
  await writeFile(join(dir, "..", "outside.txt"), "outside");
  return dir;
}

test("the viewer is at the root and at /map, with its assets", async () => {
  const url = await serve(await viewer());
  for (const path of ["/", "/map", "/map/", "/index.html"]) {
    const { status, headers, body } = await ask(url, path);
    expect([path, status, headers["content-type"], body.toString()]).toEqual([
      path,
      200,
      "text/html; charset=utf-8",
      "<!doctype html><p>the viewer</p>",
    ]);
    expect(headers["cache-control"]).toBe("no-cache");
  }
  const asset = await ask(url, "/assets/app-abc.js");
  expect([asset.status, asset.headers["content-type"]]).toEqual([200, "text/javascript; charset=utf-8"]);
  expect(asset.headers["cache-control"]).toContain("immutable");
  const packed = await ask(url, "/assets/app-abc.js", { headers: { "Accept-Encoding": "gzip" } });
  expect(packed.headers["content-encoding"]).toBe("gzip");
  expect(packed.headers["content-length"]).toBe(String(packed.body.length));
  expect(gunzipSync(packed.body)).toEqual(asset.body);
});

test("only the viewer's own files of known types are served", async () => {
  const url = await serve(await viewer());
  for (const path of [
    "/secret.key",
    "/../outside.txt",
    "/assets/../../outside.txt",
    "/%2e%2e/outside.txt",
    "/assets",
    "/constructor",
    "/__proto__",
  ]) {
    expect([path, (await ask(url, path)).status]).toEqual([path, 404]);
  }
});

test("a viewer that isn't there is told of, with what to do; the runs are served all the same", async () => {
  const url = await serve(join(await temporaryFolder(), "none"));
  const { status, body } = await ask(url, "/");
  expect([status, body.toString()]).toEqual([503, expect.stringContaining("pnpm build")]);
  expect((await ask(url, "/runs")).status).toBe(200);
});
