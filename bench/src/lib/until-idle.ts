import { setTimeout as sleep } from "node:timers/promises";
import type { Server } from "./servers.ts";

/** Longer than readers rest that have come to the end. */
const LOOK_MS = 1_000;
/** Below this part of a core a server is idle. */
const IDLE_SHARE = 0.02;

/**
 * Waits until a server has nothing to do any more: its readers have come to the end.
 *
 * @returns the CPU that it has used, in microseconds
 */
export async function untilIdle(server: Server): Promise<number> {
  let before = (await server.usage()).cpuMicros;
  for (;;) {
    await sleep(LOOK_MS);
    const now = (await server.usage()).cpuMicros;
    if (now - before < IDLE_SHARE * LOOK_MS * 1000) return now;
    before = now;
  }
}
