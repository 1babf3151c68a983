import { stringifyEvent } from "@hivewatch/core";
import { RequestFailure } from "./failure.ts";
import { listIn, member, textIn } from "./json-members.ts";
import { workInLanes } from "./lanes.ts";
import type { Requester } from "./request.ts";
import type { LocalFile } from "./transport.ts";

/** Which files are sent in parts, past the MLflow server. */
export interface MultipartSettings {
  /** Undefined: if the server says that it can. */
  readonly isWanted: boolean | undefined;
  /** Smaller files are sent in one piece. In bytes. */
  readonly leastSize: number;
  /** In bytes. */
  readonly partSize: number;
}

/** Of S3. */
const MAX_PARTS = 10_000;
const LANES = 4;
/** How often a part is sent before all of the file is sent anew. */
const MAX_ATTEMPTS = 3;
const ABORT_WITHIN_MS = 10_000;

/**
 * Sends a large file in parts to where the MLflow server keeps its artifacts, if that takes parts: S3 and the like do.
 *
 * @param target - the parts of its path
 * @returns whether it was sent
 * @throws RequestFailure
 */
export async function uploadInParts(
  requester: Requester,
  target: readonly string[],
  file: LocalFile,
  signal: AbortSignal,
): Promise<boolean> {
  if (!(await takesParts(requester, file.size, signal))) return false;
  const folder = target.slice(0, -1).map(encodeURIComponent).join("/");
  const post = (what: string, body: object, within: AbortSignal): Promise<unknown> => {
    const path = `api/2.0/mlflow-artifacts/mpu/${what}/${folder}`;
    return requester.ask({ method: "POST", path, body: stringifyEvent({ path: target.at(-1), ...body }) }, within);
  };
  const pieces = piecesOf(file, requester.multipart.partSize);
  const created = await post("create", { num_parts: pieces.length }, signal).catch((failure: unknown) => {
    if (failure instanceof RequestFailure && failure.status === NOT_IMPLEMENTED) return undefined;
    throw failure;
  });
  if (created === undefined) return false;
  const uploadId = textIn(created, "upload_id");
  try {
    const parts = await sendAll(requester, listIn(created, "credentials"), pieces, signal);
    await post("complete", { upload_id: uploadId, parts }, signal);
  } catch (failure) {
    // The store would keep the parts, and charge for them.
    await post("abort", { upload_id: uploadId }, AbortSignal.timeout(ABORT_WITHIN_MS)).catch(() => undefined);
    throw failure;
  }
  return true;
}

const NOT_IMPLEMENTED = 501;

async function takesParts({ multipart, ask }: Requester, size: number, signal: AbortSignal): Promise<boolean> {
  if (size < multipart.leastSize) return false;
  if (multipart.isWanted !== undefined) return multipart.isWanted;
  try {
    const info = await ask({ method: "GET", path: "api/3.0/mlflow/server-info" }, signal);
    return member(info, "multipart_uploads_enabled") === true;
  } catch (failure) {
    // Older servers don't know the question.
    if (failure instanceof RequestFailure && failure.status !== undefined) return false;
    throw failure;
  }
}

function piecesOf({ path, size }: LocalFile, wantedSize: number): LocalFile[] {
  const pieceSize = Math.max(wantedSize, Math.ceil(size / MAX_PARTS));
  return Array.from({ length: Math.ceil(size / pieceSize) }, (_, index) => {
    const start = index * pieceSize;
    return { path, start, size: Math.min(pieceSize, size - start) };
  });
}

interface SentPart {
  readonly part_number: number;
  readonly etag: string;
  readonly url: string;
}

/** @param places - where each piece may be put, as MLflow tells it */
async function sendAll(
  requester: Requester,
  places: readonly unknown[],
  pieces: readonly LocalFile[],
  signal: AbortSignal,
): Promise<SentPart[]> {
  const sent: SentPart[] = [];
  await workInLanes([...pieces.entries()], LANES, async ([index, piece]) => {
    const place = places[index];
    const url = textIn(place, "url");
    const etag = await sendOne(requester, place, piece, signal);
    sent.push({ part_number: Number(member(place, "part_number")), etag, url });
  });
  return sent.sort((a, b) => a.part_number - b.part_number);
}

async function sendOne(requester: Requester, place: unknown, piece: LocalFile, signal: AbortSignal): Promise<string> {
  const given = Object.entries(member(place, "headers") ?? {}).map(([name, value]) => [name, String(value)]);
  const headers: Record<string, string> = Object.fromEntries(given);
  for (let attempt = 1; ; attempt++) {
    try {
      return await requester.putPart(new URL(textIn(place, "url")), headers, piece, signal);
    } catch (failure) {
      if (signal.aborted || attempt === MAX_ATTEMPTS) throw failure;
    }
  }
}
