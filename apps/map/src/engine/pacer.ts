/** Something that is done when it is asked for. */
export interface Pacer {
  /** Has it done soon: once for all who ask meanwhile. */
  ask(): void;
  close(): void;
}

export interface PacerOptions {
  /** How long to wait for others who ask, in ms. */
  readonly everyMs: number;
  /** How many times as long as the work took it rests afterwards, if that is longer. Who asks meanwhile is heard then. */
  readonly restShare: number;
}

/** Does some work whenever it is asked for, but not so often that it takes all the time. */
export function createPacer(work: () => void, { everyMs, restShare }: PacerOptions): Pacer {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isAsked = false;

  function ask(): void {
    isAsked = true;
    timer ??= setTimeout(run, everyMs);
  }

  function run(): void {
    isAsked = false;
    const start = performance.now();
    work();
    const restMs = (performance.now() - start) * restShare;
    if (restMs > everyMs) timer = setTimeout(goOn, restMs);
    else goOn();
  }

  function goOn(): void {
    timer = undefined;
    if (isAsked) ask();
  }

  return { ask, close: () => clearTimeout(timer) };
}
