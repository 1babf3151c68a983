const SAY_EVERY_MS = 2000;

/** Tells of work that takes long, now and then. */
export function sayNowAndThen(say: (message: string) => void): (message: () => string) => void {
  let next = performance.now() + SAY_EVERY_MS;
  return (message) => {
    if (performance.now() < next) return;
    next = performance.now() + SAY_EVERY_MS;
    say(message());
  };
}
