import { basename, dirname, join } from "node:path";
import { type Disk, nodeDisk } from "./disk.ts";

/** One file of a log, named after the position at which it begins. */
export interface Segment {
  readonly path: string;
  readonly firstPosition: number;
}

/** Where a batch begins in a segment. */
export interface Place {
  readonly position: number;
  /** Bytes from the segment's beginning. */
  readonly offset: number;
}

const SEGMENT_NAME = /^(\d{20})\.seg$/;

/** The segments of a log's folder in their order; none if there is no folder. */
export async function listSegments(dir: string, disk: Disk = nodeDisk): Promise<Segment[]> {
  const names = await disk.list(dir);
  return names
    .map((name) => SEGMENT_NAME.exec(name))
    .filter((match) => match !== null)
    .map((match) => ({ path: join(dir, match[0]), firstPosition: Number(match[1]) }))
    .sort((a, b) => a.firstPosition - b.firstPosition);
}

export function segmentPath(dir: string, firstPosition: number): string {
  return join(dir, `${String(firstPosition).padStart(20, "0")}.seg`);
}

/** The file beside a segment that tells what is in it. */
export function indexPath({ path }: Segment): string {
  return path.replace(/\.seg$/, ".idx");
}

/**
 * Says, by a file's name alone, that a segment's last sync failed, and from which byte on it is not to be kept. A name
 * takes no room that a full disk doesn't have.
 *
 * @throws Error if that can't be said either: what to do by hand
 */
export async function markUnsynced(disk: Disk, { path }: Segment, offset: number): Promise<void> {
  try {
    const file = await disk.open(`${path}.unsynced-from-${offset}`, "append");
    await file.close(); // its name need not survive a loss of power: what was not synced doesn't either
  } catch (cause) {
    const message = `${path} may not be on the disk as it can be read: before the log is opened again, put a copy of its first ${offset} bytes in its place`;
    throw new Error(message, { cause });
  }
}

/** What {@link markUnsynced} has said of a segment: its files, and the lowest offset. */
export async function unsyncedMarks(disk: Disk, { path }: Segment): Promise<{ paths: string[]; offset: number }> {
  const dir = dirname(path);
  const beginning = `${basename(path)}.unsynced-from-`;
  const names = (await disk.list(dir)).filter((name) => name.startsWith(beginning));
  const offsets = names.map((name) => Number(name.slice(beginning.length))).filter(Number.isSafeInteger);
  return { paths: names.map((name) => join(dir, name)), offset: Math.min(...offsets) };
}

/** Makes the entries of a folder durable: a new file is lost with the power until then. */
export function syncDirectory(dir: string): Promise<void> {
  return nodeDisk.syncFolder(dir);
}

/** The least that lies between two places that are remembered of a segment, so that there are few of them. */
const PLACES_APART_BYTES = 1024 * 1024;

/** Remembers where a batch begins, if it is far enough behind the last place that was remembered. */
export function addPlace(places: Place[], place: Place): void {
  const last = places.at(-1);
  if (last === undefined || place.offset >= last.offset + PLACES_APART_BYTES) places.push(place);
}

/** The last place that is not behind a position. */
export function placeBefore(places: readonly Place[], position: number): Place | undefined {
  return places.findLast((place) => place.position <= position);
}
