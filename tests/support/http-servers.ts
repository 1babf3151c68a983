import { readFile } from "node:fs/promises";
import { createServer, type RequestListener, request as sendRequest } from "node:http";
import { extname, join, normalize } from "node:path";
import { listen } from "@hivewatch/test-support";

/** Starts a server for the test that runs. */
export async function serve(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(createServer(listener))}`;
}

/** A proxy that has a server under a path, as one of many; whatever is elsewhere, it doesn't know. */
export function serveUnder(prefix: string, target: string): Promise<string> {
  return serve((request, response) => {
    const { url = "", method, headers } = request;
    if (!url.startsWith(prefix)) {
      response.writeHead(404).end();
      return;
    }
    const passed = sendRequest(new URL(`/${url.slice(prefix.length)}`, target), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      // What has come is passed on at once: it may be a stream.
      answer.on("data", (piece) => response.write(piece));
      answer.on("end", () => response.end());
    });
    passed.on("error", () => response.destroy());
    response.on("close", () => passed.destroy());
    request.pipe(passed);
  });
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".json": "application/json",
};

/** A server that knows nothing but the files of a folder, and sends them whole whatever is asked for. */
export function serveFiles(dir: string): Promise<string> {
  return serve(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://server");
    const path = normalize(decodeURIComponent(pathname.endsWith("/") ? `${pathname}index.html` : pathname));
    const content = await readFile(join(dir, path)).catch(() => undefined);
    if (content === undefined) response.writeHead(404).end();
    else response.writeHead(200, { "Content-Type": TYPES[extname(path)] ?? "application/octet-stream" }).end(content);
  });
}
