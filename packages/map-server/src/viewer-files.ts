import { readdir, readFile } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import { gzipSync } from "node:zlib";
import { acceptsGzip, type Exchange } from "./responses.ts";

/** The files of the viewer, by the path under which a browser asks for them. */
export type ViewerFiles = ReadonlyMap<string, ViewerFile>;

interface ViewerFile {
  readonly type: string;
  readonly plain: Buffer;
  readonly gzipped: Buffer;
  /** Files under `assets/` bear their content's hash in the name. */
  readonly immutable: boolean;
}

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".txt": "text/plain; charset=utf-8",
};

/** As small as it gets: each file is compressed once, and sent to every page. */
const COMPRESSION = { level: 9 };

/** Loads the viewer into memory: it is small, and so no path that a browser sends ever reaches the file system. */
export async function loadViewer(dir: string): Promise<ViewerFiles> {
  const files = new Map<string, ViewerFile>();
  const names = await readdir(dir, { recursive: true }).catch(() => []);
  for (const name of names) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const path = name.split(sep).join("/");
    const plain = await readFile(join(dir, name));
    files.set(path, { type, plain, gzipped: gzipSync(plain, COMPRESSION), immutable: path.startsWith("assets/") });
  }
  return files;
}

/** @returns whether there was such a file */
export function sendViewerFile({ request, response }: Exchange, files: ViewerFiles, path: string): boolean {
  const file = files.get(path);
  if (file === undefined) return false;
  const gzip = acceptsGzip(request);
  const body = gzip ? file.gzipped : file.plain;
  response.writeHead(200, {
    "Content-Type": file.type,
    "Content-Length": body.length,
    "Cache-Control": file.immutable ? "public, max-age=31536000, immutable" : "no-cache",
    Vary: "Accept-Encoding",
    ...(gzip ? { "Content-Encoding": "gzip" } : {}),
  });
  response.end(body);
  return true;
}
