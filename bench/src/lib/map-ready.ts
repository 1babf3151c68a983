import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const LOOK_MS = 20;

/**
 * Waits until the files from which a run's map is drawn go up to a position of its log.
 *
 * @returns whether they did in time
 */
export async function untilMapIsReady(
  folder: string,
  runId: string,
  position: number,
  timeoutMs: number,
): Promise<boolean> {
  // The head of the map in schema 2; without one, the cursor of the lines and of the map in schema 1.
  const files = [join(folder, `${runId}.map2.json`), join(folder, `${runId}.log`, "artifacts.json")];
  const end = performance.now() + timeoutMs;
  let changed = 0;
  while (performance.now() < end) {
    const [path = "", time] = await firstOf(files);
    if (time > changed && (await positionIn(path)) >= position) return true;
    changed = time;
    await sleep(LOOK_MS);
  }
  return false;
}

/** The first of the files that is there, and when it was last changed, in ms. */
async function firstOf(files: readonly string[]): Promise<[path: string | undefined, time: number]> {
  for (const path of files) {
    const stats = await stat(path).catch(() => undefined);
    if (stats !== undefined) return [path, stats.mtimeMs];
  }
  return [undefined, 0];
}

async function positionIn(path: string): Promise<number> {
  const { position } = JSON.parse(await readFile(path, "utf8"));
  return Number(position);
}
