import { type ReadonlySignal, signal } from "@preact/signals";

const ticking = signal(Date.now());
setInterval(() => {
  ticking.value = Date.now();
}, 1_000);

/** The time, `Date.now()`, once a second. */
export const now: ReadonlySignal<number> = ticking;
