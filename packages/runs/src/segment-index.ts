import { type Disk, hasCode, putFile, readWhole } from "./disk.ts";
import { decodeFrame, frameHeader } from "./frame.ts";
import { indexPath, type Place, type Segment } from "./segments.ts";

/** How far a producer has come: the number of its first event that isn't there, in its newest epoch. */
export interface Mark {
  readonly epoch: bigint;
  readonly nextSeq: bigint;
}

/** What is known of a segment that takes nothing more, so that nobody needs to read it to know that. */
export interface SegmentIndex {
  readonly firstPosition: number;
  /** The position behind its last event. */
  readonly endPosition: number;
  /** How many of its bytes can be read. */
  readonly bytes: number;
  /** Where some of its batches begin, in order. */
  readonly places: readonly Place[];
  /** How far each producer of the run had come at its end. */
  readonly marks: ReadonlyMap<string, Mark>;
}

/** What an index begins with: its format, and the version of it. A frame of JSON follows. */
const INDEX_MAGIC = Buffer.from("HWIDX\0\0\x01", "latin1");

/** Writes a segment's index, whole or not at all. It is durable once the folder is synced. */
export function writeIndex(disk: Disk, segment: Segment, index: SegmentIndex): Promise<void> {
  const { marks, places, ...rest } = index;
  const body = Buffer.from(
    JSON.stringify({
      ...rest,
      places: places.map(({ position, offset }) => [position, offset]),
      marks: Array.from(marks, ([id, { epoch, nextSeq }]) => [id, String(epoch), String(nextSeq)]),
    }),
  );
  return putFile(disk, indexPath(segment), [INDEX_MAGIC, frameHeader(body), body]);
}

/** Reads the index of a segment that ends at a position, which the next one is named after. */
export async function readIndex(
  disk: Disk,
  segment: Segment,
  endPosition: number,
): Promise<SegmentIndex | "missing" | "damaged"> {
  let bytes: Buffer;
  try {
    bytes = await readWhole(disk, indexPath(segment));
  } catch (error) {
    return hasCode(error, "ENOENT") ? "missing" : "damaged";
  }
  const index = decodeIndex(bytes);
  if (index?.firstPosition !== segment.firstPosition || index.endPosition !== endPosition) return "damaged";
  return index;
}

function decodeIndex(bytes: Buffer): SegmentIndex | undefined {
  const magicBytes = INDEX_MAGIC.length;
  if (!bytes.subarray(0, magicBytes).equals(INDEX_MAGIC)) return undefined;
  const frame = decodeFrame(bytes, magicBytes);
  // What comes behind it was not written by us.
  if (frame.kind !== "body" || frame.end !== bytes.length) return undefined;
  try {
    return indexOf(JSON.parse(frame.body.toString("utf8")));
  } catch {
    return undefined;
  }
}

/** @throws whatever is not an index */
function indexOf(value: unknown): SegmentIndex {
  const fields: Record<string, unknown> = typeof value === "object" ? { ...value } : {};
  return {
    firstPosition: count(fields.firstPosition),
    endPosition: count(fields.endPosition),
    bytes: count(fields.bytes),
    places: list(fields.places).map((place) => {
      const [position, offset] = list(place);
      return { position: count(position), offset: count(offset) };
    }),
    marks: new Map(
      list(fields.marks).map((mark) => {
        const [id, epoch, nextSeq] = list(mark).map(String);
        return [id ?? "", { epoch: BigInt(epoch ?? ""), nextSeq: BigInt(nextSeq ?? "") }];
      }),
    ),
  };
}

function count(value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error("not a count");
}

function list(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error("not a list");
}
