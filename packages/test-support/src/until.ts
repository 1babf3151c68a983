import { setTimeout as sleep } from "node:timers/promises";
import { vi } from "vitest";

/** Long enough that it never ends a wait which would have succeeded: it only keeps a failing test from hanging. */
const GIVE_UP_MS = 60_000;
const ASK_AGAIN_MS = 5;
/** Assertions may have a browser to ask. */
const ASSERT_AGAIN_MS = 50;

/**
 * Asks again and again until there is an answer.
 *
 * @param what - how the error names what never came
 * @param probe - answers undefined or false as long as it is not there
 */
export async function until<T>(what: string, probe: () => Promise<T> | T): Promise<Exclude<T, undefined | false>> {
  const end = Date.now() + GIVE_UP_MS;
  for (;;) {
    const answer = await probe();
    if (isThere(answer)) return answer;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await sleep(ASK_AGAIN_MS);
  }
}

function isThere<T>(answer: T): answer is Exclude<T, undefined | false> {
  return answer !== undefined && answer !== false;
}

/** Repeats assertions until they hold; fails as they last failed. */
export function eventually(assertions: () => unknown): Promise<unknown> {
  return vi.waitFor(assertions, { timeout: GIVE_UP_MS, interval: ASSERT_AGAIN_MS });
}
