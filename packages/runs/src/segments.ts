import { open, readdir } from "node:fs/promises";
import { join } from "node:path";

/** One file of a log, named after the position at which it begins. */
export interface Segment {
  readonly path: string;
  readonly firstPosition: number;
}

const SEGMENT_NAME = /^(\d{20})\.seg$/;

/** The segments of a log's folder in their order; none if there is no folder. */
export async function listSegments(dir: string): Promise<Segment[]> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names
    .map((name) => SEGMENT_NAME.exec(name))
    .filter((match) => match !== null)
    .map((match) => ({ path: join(dir, match[0]), firstPosition: Number(match[1]) }))
    .sort((a, b) => a.firstPosition - b.firstPosition);
}

export function segmentPath(dir: string, firstPosition: number): string {
  return join(dir, `${String(firstPosition).padStart(20, "0")}.seg`);
}

/** Makes the entries of a folder durable: a new file is lost with the power until then. */
export async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
