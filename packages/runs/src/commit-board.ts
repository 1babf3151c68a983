import { EventEmitter } from "node:events";
import type { LogEnd, WaitForMore } from "./read-entries.ts";

/** Where the writers of this process say that something was written, for its readers to wait for. */
export interface CommitBoard {
  /**
   * Says how far a run's log is durable. From then on its readers go no further than what was said last. A thread that
   * reads what another one writes has a board of its own, and is told the same.
   *
   * @param position - the position behind the last event that is durable
   */
  note(runId: string, position: number, segment?: LogEnd["segment"]): void;
  /** Says that a run's log was closed: another process may go on with it, and readers go as far as they can again. */
  forget(runId: string): void;
  /**
   * For one reader of a run, which then reads to the end and waits, again and again. A wait is over on the next commit to
   * the run, at once if there was one since the last wait, or after a while, in which another process may have written.
   */
  follow(runId: string): WaitForMore;
}

export function createCommitBoard(pollIntervalMs: number): CommitBoard {
  const emitter = new EventEmitter().setMaxListeners(0);
  const counts = new Map<string, number>();
  const ends = new Map<string, LogEnd>();
  const countOf = (runId: string): number => counts.get(runId) ?? 0;

  function wake(runId: string): void {
    counts.set(runId, countOf(runId) + 1);
    emitter.emit(commitEvent(runId));
  }

  return {
    note(runId, position, segment) {
      ends.set(runId, { position, segment });
      wake(runId);
    },
    forget(runId) {
      ends.delete(runId);
      wake(runId);
    },
    follow(runId) {
      let seen = countOf(runId);
      async function wait(signal: AbortSignal | undefined): Promise<void> {
        if (countOf(runId) === seen) await nextCommit(emitter, commitEvent(runId), pollIntervalMs, signal);
        seen = countOf(runId);
      }
      return Object.assign(wait, { end: () => ends.get(runId) });
    },
  };
}

function nextCommit(
  emitter: EventEmitter,
  event: string,
  pollIntervalMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      emitter.off(event, done);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, pollIntervalMs).unref();
    emitter.once(event, done);
    signal?.addEventListener("abort", done, { once: true });
  });
}

/** The name of a run's commits among the emitter's events, which must not be one that has a meaning to it, like `error`. */
function commitEvent(runId: string): string {
  return `commit:${runId}`;
}
