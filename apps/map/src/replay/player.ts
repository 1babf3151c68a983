import { computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { advanceReplay, indexOfRound } from "./replay-clock.ts";

/** Which round the page shows, and what moves it. */
export interface Player {
  /** The shown round. */
  readonly round: ReadonlySignal<number | undefined>;
  /** Its index in the run's rounds. */
  readonly index: ReadonlySignal<number>;
  /** The round that was asked for, which may not have come yet; undefined to follow the newest. */
  readonly wanted: ReadonlySignal<number | undefined>;
  /** Whether the page keeps to the newest round. */
  readonly following: ReadonlySignal<boolean>;
  /** Whether rounds go by themselves: a replay, or a running run that is followed. */
  readonly moving: ReadonlySignal<boolean>;
  /** Rounds a second in a replay. */
  readonly speed: Signal<number>;
  seek(round: number): void;
  /** Goes that many rounds on or back. */
  step(rounds: number): void;
  /** Plays or pauses; at the end of a run that is over, plays from the start. */
  toggle(): void;
  follow(): void;
  close(): void;
}

/** The run that a player plays. */
export interface PlayerSource {
  readonly rounds: ReadonlySignal<readonly number[]>;
  readonly running: ReadonlySignal<boolean>;
}

/** @param start - the round to begin at; undefined to follow the newest */
export function createPlayer({ rounds, running }: PlayerSource, start: number | undefined): Player {
  const wanted = signal(start);
  const playing = signal(false);
  const speed = signal(1);
  const index = computed(() => {
    const all = rounds.value;
    return wanted.value === undefined ? Math.max(0, all.length - 1) : indexOfRound(all, wanted.value);
  });
  const following = computed(() => wanted.value === undefined);
  const moving = computed(() => playing.value || (following.value && running.value && rounds.value.length > 0));

  function seekIndex(next: number): void {
    const all = rounds.peek();
    if (next >= all.length - 1) follow();
    else wanted.value = all[Math.max(0, next)];
  }

  function follow(): void {
    playing.value = false;
    wanted.value = undefined;
  }

  function play(): void {
    if (index.peek() >= rounds.peek().length - 1) wanted.value = rounds.peek()[0];
    playing.value = rounds.peek().length > 1;
  }

  function pause(): void {
    wanted.value = rounds.peek()[index.peek()];
    playing.value = false;
  }

  const stopPlaying = effect(() => {
    if (!playing.value) return undefined;
    let position = index.peek();
    let before = performance.now();
    let frame = requestAnimationFrame(function tick(now) {
      const count = rounds.peek().length;
      // Somebody may have sought meanwhile.
      if (Math.floor(position) !== index.peek()) position = index.peek();
      position = advanceReplay(position, Math.max(0, now - before), speed.peek(), count);
      before = now;
      if (Math.floor(position) !== index.peek()) seekIndex(Math.floor(position));
      if (playing.peek()) frame = requestAnimationFrame(tick);
    });
    return () => cancelAnimationFrame(frame);
  });

  return {
    round: computed(() => rounds.value[index.value]),
    index,
    wanted,
    following,
    moving,
    speed,
    seek(round) {
      seekIndex(indexOfRound(rounds.peek(), round));
    },
    step(count) {
      playing.value = false;
      seekIndex(index.peek() + count);
    },
    toggle() {
      if (moving.peek()) pause();
      else play();
    },
    follow,
    close: stopPlaying,
  };
}
