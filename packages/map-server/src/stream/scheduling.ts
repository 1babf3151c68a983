/** Runs work, but no more at the same time than a limit allows; the rest waits in line. */
export type Limit = <T>(work: () => Promise<T>) => Promise<T>;

/** @param most - how much may run at the same time */
export function createLimit(most: number): Limit {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}

/** Resolves when it is one's turn. */
export type Turns = () => Promise<void>;

const TURNS_AT_ONCE = 32;

/**
 * Lets many subscribers write a few at a time. Between them the process does whatever else it has to do, such as taking
 * in events.
 */
export function createTurns(): Turns {
  const waiting: (() => void)[] = [];
  let scheduled = false;

  function schedule(): void {
    if (scheduled || waiting.length === 0) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      for (const go of waiting.splice(0, TURNS_AT_ONCE)) go();
      schedule();
    });
  }

  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      schedule();
    });
}

/** Does work once for all who want it at the same time. */
export function share<T>(running: Map<string, Promise<T>>, key: string, work: () => Promise<T>): Promise<T> {
  let result = running.get(key);
  if (result === undefined) {
    result = work().finally(() => running.delete(key));
    running.set(key, result);
  }
  return result;
}
