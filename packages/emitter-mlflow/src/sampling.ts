import { type HiveEvent, microsFromIso } from "@hivewatch/core";
import { createSampler } from "./system-metrics.ts";
import type { Point } from "./translate.ts";

/** Has this machine sampled from a run's beginning to its end. */
export interface Sampling {
  /**
   * Told of each batch of the run, once.
   *
   * @returns what was sampled and not sent yet
   */
  follow(batch: readonly HiveEvent[], run: { isOver: boolean; startTime: number | undefined }): Point[];
  stop(): void;
}

/** Whoever trains for so long without a word is taken for dead, until the next one. */
export const SILENCE_MS: number = 6 * 3_600_000;
/** No clock is that far off. */
const LONGEST_OFFSET_MS = 24 * 3_600_000;
/** How much further apart than on our clock two batches of a live run may be. */
const LEAP_MS = 1000;

/**
 * @param most - how many values are sent at once
 * @param send - between events, since a round may take hours. What it throws at is sent with the next ones
 */
export function createSampling(
  intervalSec: number,
  most: number,
  send: (points: readonly Point[]) => Promise<void>,
): Sampling {
  const sampler = createSampler(intervalSec, () => void onSample());
  const isLive = createLiveness();
  let heardAt = 0;
  let isSending = false;

  async function onSample(): Promise<void> {
    if (Date.now() - heardAt > SILENCE_MS) sampler.stop();
    if (isSending) return;
    const points = sampler.take(most);
    isSending = true;
    try {
      await send(points);
    } catch {
      sampler.giveBack(points);
    } finally {
      isSending = false;
    }
  }

  return {
    follow(batch, { isOver, startTime }) {
      heardAt = Date.now();
      const told = microsFromIso(batch.at(-1)?.timestamp ?? "") / 1000;
      if (isLive(told, heardAt) && !isOver) sampler.start(startTime ?? heardAt);
      else sampler.stop();
      return sampler.take();
    },
    stop: sampler.stop,
  };
}

/**
 * Whether a run goes on now, or was saved and is sent afterwards: its events then come faster than they happened. Only
 * differences count, for the clock of who reports may be wrong.
 *
 * @returns what is told the time of a batch by its own clock and by ours, both in ms
 */
export function createLiveness(): (told: number, now: number) => boolean {
  let most = Number.NaN;
  return (told, now) => {
    const offset = told - now;
    const hasLeapt = offset - most > LEAP_MS;
    most = Number.isNaN(most) ? offset : Math.max(most, offset);
    return !hasLeapt && Math.abs(offset) < LONGEST_OFFSET_MS;
  };
}
