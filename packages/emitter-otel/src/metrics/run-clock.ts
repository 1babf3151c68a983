import { microsFromIso } from "@hivewatch/core";

/** The time of a run, as its events tell it. It never goes back. */
export interface RunClock {
  /** The newest time that an event had, microseconds since 1970, to within a second; 0: none had any. */
  now(): number;
  /**
   * Takes an event's time.
   *
   * @returns the newest time before it, if it lies in another second: only then may somebody have waited for it
   */
  note(timestamp: string): number | undefined;
}

/** `2026-11-23T07:43:20`: times that have it in common differ in what follows. */
const SECOND_LENGTH = 19;

/** Reading a time costs as much as a few values of metrics, and in a large round thousands lie in one second. */
export function createRunClock(): RunClock {
  let newest = 0;
  let second: string | undefined;
  let zone = "";
  /** The last of this second, not read yet. */
  let latest = "";

  function settle(): void {
    const micros = microsFromIso(latest);
    if (micros > newest) newest = micros;
  }

  return {
    now() {
      settle();
      return newest;
    },
    note(timestamp) {
      const isSameSecond =
        second !== undefined &&
        timestamp.length === latest.length &&
        timestamp.startsWith(second) &&
        timestamp.endsWith(zone);
      if (isSameSecond) {
        latest = timestamp;
        return undefined;
      }
      settle();
      const before = newest;
      latest = timestamp;
      second = timestamp.slice(0, SECOND_LENGTH);
      zone = /(?:Z|[+-]\d{2}:?\d{2})?$/.exec(timestamp)?.[0] ?? "";
      return before;
    },
  };
}
