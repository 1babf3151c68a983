import { computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Rounds } from "../data/run-data.ts";
import type { AxisKind } from "../page-state.ts";
import {
  advanceReplay,
  indexOfRound,
  nextSpeed,
  type Pace,
  placeAt,
  possibleSpeed,
  type ReplaySpeed,
} from "./replay-clock.ts";
import { type RoundPath, roundPath } from "./round-path.ts";

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
  /** How many rounds are newer than the shown one, in a run that goes on. */
  readonly behind: ReadonlySignal<number>;
  /** The order of the rounds. */
  readonly path: ReadonlySignal<RoundPath>;
  /** The shown round's place in it. */
  readonly place: ReadonlySignal<number>;
  seek(round: number): void;
  /** Goes to the newest round that has come at a point of the path. */
  seekX(x: number): void;
  /** Goes that many rounds on or back. */
  step(rounds: number): void;
  /** Plays or pauses; at the end of a run that is over, plays from the start. */
  toggle(): void;
  follow(): void;
  /** Plays faster or slower. */
  changeSpeed(direction: 1 | -1): void;
  close(): void;
}

/** The run that a player plays, and how. */
export interface PlayerSource {
  readonly rounds: ReadonlySignal<Rounds>;
  readonly running: ReadonlySignal<boolean>;
  /** Along what rounds are ordered. */
  readonly axis: ReadonlySignal<AxisKind>;
  readonly speed: Signal<ReplaySpeed>;
  /** Whether a replay begins anew at its end. */
  readonly loop: ReadonlySignal<boolean>;
}

/** @param start - the round to begin at; undefined to follow the newest */
export function createPlayer({ rounds, running, axis, speed, loop }: PlayerSource, start: number | undefined): Player {
  const wanted = signal(start);
  const playing = signal(false);
  const path = computed(() => roundPath(rounds.value, axis.value));
  const possible = computed(() => possibleSpeed(speed.value, path.value.times !== undefined));
  const index = computed(() => {
    const { index: order } = path.value;
    const { numbers } = rounds.value;
    return wanted.value === undefined ? (order[order.length - 1] ?? 0) : indexOfRound(numbers, wanted.value);
  });
  const place = computed(() => Math.max(0, path.value.place[index.value] ?? 0));
  const following = computed(() => wanted.value === undefined);
  const moving = computed(() => playing.value || (following.value && running.value && rounds.value.numbers.length > 0));
  const behind = computed(() =>
    following.value || !running.value ? 0 : Math.max(0, path.value.index.length - 1 - place.value),
  );

  function roundAt(at: number): number | undefined {
    return rounds.peek().numbers[path.peek().index[at] ?? -1];
  }

  function seekPlace(next: number): void {
    if (next >= path.peek().index.length - 1) follow();
    else wanted.value = roundAt(Math.max(0, next));
  }

  function follow(): void {
    playing.value = false;
    wanted.value = undefined;
  }

  function play(): void {
    const count = path.peek().index.length;
    if (place.peek() >= count - 1) wanted.value = roundAt(0);
    playing.value = count > 1;
  }

  function pause(): void {
    wanted.value = rounds.peek().numbers[index.peek()];
    playing.value = false;
  }

  const stopPlaying = effect(() => {
    if (!playing.value) return undefined;
    // Rounds may come, and somebody may seek or choose another pace, while it plays.
    const plan = computed(() => ({ schedule: schedule(path.value, possible.value.pace), kind: path.value.kind }));
    let { schedule: planned, kind } = plan.peek();
    let at = place.peek();
    let position = planned[at] ?? 0;
    let before = performance.now();
    let frame = requestAnimationFrame(function tick(now) {
      const isMoved = at !== place.peek() || kind !== plan.peek().kind || planned[at] !== plan.peek().schedule[at];
      ({ schedule: planned, kind } = plan.peek());
      at = place.peek();
      if (isMoved) position = planned[at] ?? 0;
      const isLooping = loop.peek() && !running.peek();
      position = advanceReplay(planned, position, Math.max(0, now - before), possible.peek().factor, isLooping);
      before = now;
      const next = placeAt(planned, position);
      if (isLooping && next !== at) wanted.value = roundAt(next);
      else if (next !== at) seekPlace(next);
      at = place.peek();
      if (playing.peek()) frame = requestAnimationFrame(tick);
    });
    return () => cancelAnimationFrame(frame);
  });

  return {
    round: computed(() => rounds.value.numbers[index.value]),
    index,
    wanted,
    following,
    moving,
    behind,
    path,
    place,
    seek(round) {
      seekPlace(path.peek().place[indexOfRound(rounds.peek().numbers, round)] ?? 0);
    },
    seekX(x) {
      seekPlace(placeAt(path.peek().x, x));
    },
    step(count) {
      playing.value = false;
      seekPlace(place.peek() + count);
    },
    toggle() {
      if (moving.peek()) pause();
      else play();
    },
    follow,
    changeSpeed(direction) {
      speed.value = nextSpeed(possible.peek(), direction);
    },
    close: stopPlaying,
  };
}

/** When each place of a path comes. Without times, rounds come at a fixed pace. */
function schedule({ times, index }: RoundPath, pace: Pace): Float64Array {
  return (pace === "true" ? times : undefined) ?? Float64Array.from({ length: index.length }, (_, i) => i);
}
