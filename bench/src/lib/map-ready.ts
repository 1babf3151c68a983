import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const LOOK_MS = 20;

/**
 * Waits until the files of a run, from which its map is drawn, hold everything up to a position.
 *
 * @returns whether they did in time
 */
export async function untilMapIsReady(
  folder: string,
  runId: string,
  position: number,
  timeoutMs: number,
): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  while (performance.now() < end) {
    if ((await positionOfFiles(folder, runId)) >= position) return true;
    await sleep(LOOK_MS);
  }
  return false;
}

async function positionOfFiles(folder: string, runId: string): Promise<number> {
  const text = await readFile(join(folder, `${runId}.log`, "artifacts.json"), "utf8").catch(() => '{"position":0}');
  const { position } = JSON.parse(text);
  return Number(position);
}
