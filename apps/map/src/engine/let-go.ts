import { columnBytes } from "./round-columns.ts";
import type { RoundEntry } from "./run-store.ts";

interface LetGo {
  /** How much may be held. */
  readonly maxBytes: number;
  /** Rounds whose clients stay: what is on screen. */
  keeps(round: number): boolean;
  /** Up to which position the map goes: what is behind it can't be fetched again. */
  readonly mapPosition: number;
  /** The greater, the later it was used. */
  usedAt(round: number): number;
}

/** If too much is held, lets go at once of more than that: else each further round would be looked for by itself. */
const KEPT_SHARE = 0.75;

/**
 * Lets go of the columns of rounds that can be fetched again, if too much is held: those that were used longest ago first.
 *
 * @returns how many would have been let go, but are not in the map yet
 */
export function letGo(rounds: Iterable<RoundEntry>, { maxBytes, keeps, mapPosition, usedAt }: LetGo): number {
  const held = [...rounds].flatMap((entry) =>
    entry.columns === undefined ? [] : [{ entry, bytes: columnBytes(entry.columns), used: usedAt(entry.round) }],
  );
  let bytes = held.reduce((sum, { bytes: own }) => sum + own, 0);
  if (bytes <= maxBytes) return 0;
  held.sort((a, b) => a.used - b.used || a.entry.round - b.entry.round);
  let stuck = 0;
  for (const { entry, bytes: own } of held) {
    if (bytes <= maxBytes * KEPT_SHARE) break;
    if (keeps(entry.round)) continue;
    if (entry.position > mapPosition || entry.places.length === 0) {
      stuck++;
      continue;
    }
    bytes -= own;
    entry.columns = undefined;
  }
  return stuck;
}
