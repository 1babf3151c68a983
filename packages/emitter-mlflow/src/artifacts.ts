import { readdir, realpath, stat } from "node:fs/promises";
import { basename, isAbsolute, join, relative, resolve, sep } from "node:path";
import { errorMessage } from "@hivewatch/core";
import { isRefusal, RequestFailure, STORE_FAULT } from "./failure.ts";
import { listIn, member, textIn } from "./json-members.ts";
import { uploadInParts } from "./multipart.ts";
import { safePart } from "./names.ts";
import type { Requester } from "./request.ts";
import type { Refused } from "./send-split.ts";
import type { LocalFile } from "./transport.ts";

/** A file among the artifacts of a run, or of a model. */
export interface Artifact {
  /** Its parts are safe in an address. */
  readonly path: readonly string[];
  readonly content: string | LocalFile;
}

const PROXIED = /^mlflow-artifacts:(?:\/\/([^/]*))?\/(.*)$/;

/**
 * Puts a file among artifacts, over the one that may be there, and checks that it has arrived whole.
 *
 * @param root - where the artifacts are, as MLflow names it
 * @returns why it can't be put there, if so
 * @throws RequestFailure
 */
export async function putArtifact(
  requester: Requester,
  root: string,
  { path, content }: Artifact,
  signal: AbortSignal,
): Promise<readonly Refused<unknown>[]> {
  const name = path.join("/");
  const [, host = "", folder] = PROXIED.exec(root) ?? [];
  if (folder === undefined || (host !== "" && host !== requester.url.host)) {
    const reason = `${name} is not sent: its place is ${root}, which this MLflow server does not write for others. Start it with --serve-artifacts`;
    return [{ item: name, reason }];
  }
  const target = [...folder.split("/"), ...path];
  try {
    await upload(requester, target, content, signal);
  } catch (failure) {
    if (!isRefusal(failure)) throw failure;
    return [{ item: name, reason: `${name} is not taken: ${failure.message}` }];
  }
  const sent = typeof content === "string" ? Buffer.byteLength(content) : content.size;
  const arrived = await sizeOf(requester, target, signal);
  if (arrived === sent) return [];
  throw new RequestFailure(`of ${name}, ${sent} bytes, ${arrived ?? "nothing"} has arrived at MLflow`, {
    code: STORE_FAULT,
  });
}

const ARTIFACTS = "api/2.0/mlflow-artifacts/artifacts";

async function upload(
  requester: Requester,
  target: readonly string[],
  content: string | LocalFile,
  signal: AbortSignal,
): Promise<void> {
  if (typeof content === "object" && (await uploadInParts(requester, target, content, signal))) return;
  const path = `${ARTIFACTS}/${target.map(encodeURIComponent).join("/")}`;
  await requester.ask({ method: "PUT", path, body: content }, signal);
}

async function sizeOf(
  requester: Requester,
  target: readonly string[],
  signal: AbortSignal,
): Promise<number | undefined> {
  const query = { path: target.slice(0, -1).join("/") };
  const listed = await requester.ask({ method: "GET", path: ARTIFACTS, query }, signal);
  const file = listIn(listed, "files").find((each) => textIn(each, "path") === target.at(-1));
  // MLflow leaves out the size of what is empty.
  return file === undefined ? undefined : Number(member(file, "file_size") ?? 0);
}

/**
 * The files of a checkpoint, which is a file or a folder. Who sends events may name any path: only what lies in the folder
 * of the checkpoints is read.
 *
 * @returns why there are none, if so
 */
export async function checkpointFiles(folder: string, path: string): Promise<Artifact[] | string> {
  try {
    const root = await realpath(folder);
    const real = await realpath(resolve(root, path));
    const below = relative(root, real);
    if (below === "" || isAbsolute(below) || below.split(sep)[0] === "..") return `${path} is not in ${folder}`;
    return await filesBelow(real, [safePart(basename(real))]);
  } catch (error) {
    return `${path} can't be read: ${errorMessage(error)}`;
  }
}

async function filesBelow(path: string, target: readonly string[]): Promise<Artifact[]> {
  const stats = await stat(path);
  if (stats.isFile()) return [{ path: target, content: { path, size: stats.size } }];
  const entries = await readdir(path, { withFileTypes: true });
  // Links could lead anywhere.
  const real = entries.filter((entry) => entry.isFile() || entry.isDirectory());
  const found = real.map(({ name }) => filesBelow(join(path, name), [...target, safePart(name)]));
  return (await Promise.all(found)).flat();
}
