import { dirname } from "node:path";
import { errorMessage } from "@hivewatch/core";
import { type Disk, type DiskFile, putFile, readWhole, SyncError, synced, withFile } from "./disk.ts";
import { SEGMENT_MAGIC } from "./frame.ts";
import { type ScannedSegment, scanSegment } from "./scan-segment.ts";
import { type Mark, readIndex, writeIndex } from "./segment-index.ts";
import {
  indexPath,
  listSegments,
  markUnsynced,
  type Place,
  type Segment,
  segmentPath,
  unsyncedMarks,
} from "./segments.ts";

/** The segment at a log's end, which is written to. */
export interface GrowingSegment extends Segment {
  readonly file: DiskFile;
  /** How many of its bytes hold. */
  bytes: number;
  readonly places: Place[];
}

/** What a log holds when it is opened. */
export interface Recovered {
  readonly position: number;
  readonly segment: GrowingSegment;
  readonly marks: Map<string, Mark>;
}

type Say = (message: string) => void;

/** Begins a segment. Its name is durable once the folder is synced. */
export async function beginSegment(disk: Disk, dir: string, firstPosition: number): Promise<GrowingSegment> {
  const path = segmentPath(dir, firstPosition);
  await putFile(disk, path, [SEGMENT_MAGIC]);
  const file = await disk.open(path, "append-existing");
  return { path, firstPosition, file, bytes: SEGMENT_MAGIC.length, places: [] };
}

/**
 * Reads as much of a log as whoever will write it needs, and makes its end fit to go on from. When this resolves,
 * all that was found is on disk: that a killed process has written it doesn't say so.
 *
 * @throws HiveWatchError `corrupt_log` if it was written by a newer version
 */
export async function recoverLog(disk: Disk, dir: string, say: Say): Promise<Recovered> {
  const segments = await listSegments(dir, disk);
  const last = segments.at(-1);
  const marks = await recoverSealed(disk, segments, say);
  const { position, segment } =
    last === undefined
      ? { position: 0, segment: await beginSegment(disk, dir, 0) }
      : await recoverLast(disk, last, marks, say);
  try {
    await synced(segment.file.sync());
  } catch (error) {
    await segment.file.close();
    await markUnsynced(disk, segment, segment.bytes).catch((byHand: unknown) => {
      throw new SyncError(`${errorMessage(error)}. ${errorMessage(byHand)}`, { cause: error });
    });
    throw error;
  }
  try {
    await synced(disk.syncFolder(dir));
    await synced(disk.syncFolder(dirname(dir)));
  } catch (error) {
    await segment.file.close();
    throw error;
  }
  return { position, segment, marks };
}

/** Learns what is in all segments but the last, and makes the indexes anew that are missing behind the newest one. */
async function recoverSealed(disk: Disk, segments: readonly Segment[], say: Say): Promise<Map<string, Mark>> {
  const sealed = segments.slice(0, -1).map((segment, i) => ({ segment, end: segments[i + 1]?.firstPosition ?? 0 }));
  const toScan: typeof sealed = [];
  let marks = new Map<string, Mark>();
  for (const { segment, end } of sealed.toReversed()) {
    const index = await readIndex(disk, segment, end);
    if (typeof index === "object") {
      marks = new Map(index.marks);
      await checkLength(disk, segment, index.bytes, say);
      break;
    }
    if (index === "damaged") say(`${indexPath(segment)} is damaged: it is made anew of its segment`);
    toScan.unshift({ segment, end });
  }
  for (const { segment, end } of toScan) await makeIndex(disk, segment, end, marks, say);
  return marks;
}

async function checkLength(disk: Disk, { path }: Segment, bytes: number, say: Say): Promise<void> {
  const { size } = await withFile(disk, path, "read", (file) => file.stat());
  if (size < bytes) say(`${path} has lost ${bytes - size} bytes at its end: restore it, or go on without them`);
}

async function makeIndex(
  disk: Disk,
  segment: Segment,
  endPosition: number,
  marks: Map<string, Mark>,
  say: Say,
): Promise<void> {
  const scanned = await scanSegment(disk, segment, marks, endPosition);
  tellDamage(segment, scanned, endPosition, say);
  const { offset: bytes, places } = scanned;
  await writeIndex(disk, segment, { firstPosition: segment.firstPosition, endPosition, bytes, places, marks });
}

function tellDamage({ path }: Segment, scanned: ScannedSegment, endPosition: number, say: Say): void {
  if (scanned.header === "damaged") say(`${path}: its first bytes are damaged; its events are whole`);
  const lost = endPosition - scanned.position;
  if (lost <= 0) return;
  say(`${path} is damaged at byte ${scanned.offset}: ${lost} events are lost, unless you restore the file`);
}

async function recoverLast(
  disk: Disk,
  segment: Segment,
  marks: Map<string, Mark>,
  say: Say,
): Promise<{ position: number; segment: GrowingSegment }> {
  await renewUnsynced(disk, segment, say);
  // One of a segment that was to be sealed when the power went; what it says of it may not hold any more.
  await disk.remove(indexPath(segment));
  const scanned = await scanSegment(disk, segment, marks);
  tellDamage(segment, scanned, scanned.position, say);
  const { position, offset, places } = scanned;
  if (scanned.reason !== "end") await cutTail(disk, segment, scanned, say);
  if (scanned.header === "unreadable") {
    return { position, segment: await beginSegment(disk, dirname(segment.path), position) };
  }
  const file = await disk.open(segment.path, "append-existing");
  return { position, segment: { ...segment, file, bytes: offset, places } };
}

/**
 * Makes a segment anew whose last sync failed, without what was not to stay. What can still be read of it passes for
 * synced in the old file, however often that is synced again.
 */
async function renewUnsynced(disk: Disk, segment: Segment, say: Say): Promise<void> {
  const { paths, offset } = await unsyncedMarks(disk, segment);
  if (paths.length === 0) return;
  const bytes = await readWhole(disk, segment.path);
  await putFile(disk, segment.path, [bytes.subarray(0, offset)]);
  const cut = bytes.length - offset;
  if (cut > 0) say(`${segment.path}: cut off ${cut} bytes at its end that could not be brought to the disk`);
  for (const path of paths) await disk.remove(path);
}

/** Cuts what can't be read off the end of the log, and keeps it beside the log for whoever wants to look. */
async function cutTail(disk: Disk, { path }: Segment, end: ScannedSegment, say: Say): Promise<void> {
  const tail = await readWhole(disk, path, end.offset);
  if (tail.length <= SEGMENT_MAGIC.length && end.header === "unreadable") return; // it was only just being made
  // Appended, since a tail may have been cut off here before.
  await withFile(disk, `${path}.cut-at-${end.offset}`, "append", async (file) => {
    await file.append([tail]);
    await synced(file.sync());
  });
  await withFile(disk, path, "append-existing", (file) => file.truncate(end.offset));
  const what = end.reason === "partial" ? "were half-written" : "are damaged";
  say(`${path}: cut off ${tail.length} bytes at its end that ${what}`);
}
