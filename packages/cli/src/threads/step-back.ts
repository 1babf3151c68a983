import { readlinkSync } from "node:fs";
import { setPriority } from "node:os";

/** As `nice` without a number: who has something more urgent comes first. */
const NICENESS = 10;

/**
 * Has this thread come after others where there is too little of the processor: what is behind the log can wait, and the
 * ingest, the page and a training on the same machine can't. Linux alone lets one thread differ from its process;
 * elsewhere nothing happens.
 */
export function stepBack(): void {
  try {
    // Linux gives a thread's number to whoever reads this link in that thread, and takes it where one of a process is due.
    const [, thread] = /\/task\/(\d+)$/.exec(readlinkSync("/proc/thread-self")) ?? [];
    if (thread !== undefined) setPriority(Number(thread), NICENESS);
  } catch {
    // Not this system, or not allowed: all are equal then.
  }
}
