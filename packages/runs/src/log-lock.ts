import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { HiveWatchError } from "@hivewatch/core";
import { type Disk, type DiskFile, hasCode, readWhole, withFile } from "./disk.ts";
import { localProcesses, type Processes, type ProcessIdentity } from "./process-identity.ts";

/** The right to write a log, which one process has at a time. */
export interface LogLock {
  /**
   * Whether it was taken from a process on another machine or in another container that gave no sign of life. That one may
   * come back and write what it had begun to.
   */
  readonly tookOver: boolean;
  /** Whether nobody has taken it since. */
  isHeld(): boolean;
  /** Gives it back. */
  release(): Promise<void>;
}

export interface LockOptions {
  readonly processes?: Processes | undefined;
  /** How often the owner gives a sign of life. */
  readonly heartbeatMs?: number | undefined;
  /** An owner that can't be asked is taken for dead when it has given no sign of life for so long, by our own clock. */
  readonly silenceMs?: number | undefined;
  /** How often such an owner is looked after. */
  readonly pollMs?: number | undefined;
}

const HEARTBEAT_MS = 2_000;
const SILENCE_MS = 20_000;
const POLL_MS = 500;

const LOCK_NAME = /^writer-(\d+)\.lock$/;
const RELEASED = "released\n";
const BEAT = Buffer.from(".");

interface LockFile {
  readonly path: string;
  readonly number: number;
}

/**
 * Takes the lock of a log.
 *
 * The newest of the files `writer-<n>.lock` says who has it. Whoever takes it makes the file of the next number, which
 * only one can do, and only then removes the older ones: so numbers never come again, and one who was slow to decide finds
 * a newer file than his own.
 *
 * @throws HiveWatchError `locked`: who has it
 */
export async function lockLog(disk: Disk, dir: string, runId: string, options: LockOptions = {}): Promise<LogLock> {
  const { processes = localProcesses, heartbeatMs = HEARTBEAT_MS } = options;
  const { silenceMs = SILENCE_MS, pollMs = POLL_MS } = options;
  for (;;) {
    const [newest] = await lockFiles(disk, dir);
    const owner = newest && (await ownerOf(disk, dir, newest, { runId, processes, pollMs, silenceMs }));
    if (owner === "changed") continue;
    const lock = lockFile(dir, (newest?.number ?? 0) + 1);
    const file = await makeLock(disk, dir, lock, await processes.self());
    if (file !== undefined) return holdLock(disk, lock, file, owner === "silent", heartbeatMs);
  }
}

interface WatchOptions {
  readonly runId: string;
  readonly processes: Processes;
  readonly pollMs: number;
  readonly silenceMs: number;
}

/**
 * Finds out what has become of a lock's owner, which takes a while if it is out of reach.
 *
 * @returns `changed` if one has to look again from the beginning
 * @throws HiveWatchError `locked` if it lives
 */
async function ownerOf(
  disk: Disk,
  dir: string,
  lock: LockFile,
  { runId, processes, pollMs, silenceMs }: WatchOptions,
): Promise<"gone" | "silent" | "changed"> {
  const seen = await readLock(disk, lock);
  if (seen === undefined) return "changed";
  if (seen.text.endsWith(RELEASED)) return "gone";
  const fate = seen.owner === undefined ? "unknown" : await processes.fateOf(seen.owner, await disk.isLocal(dir));
  if (fate === "dead") return "gone";
  if (fate === "alive") throw locked(runId, seen.owner);
  let last = performance.now();
  for (let silence = 0; silence < silenceMs; ) {
    await sleep(pollMs);
    const now = performance.now();
    // If we were the ones who stood still, that says nothing of the owner.
    silence += Math.min(now - last, 2 * pollMs);
    last = now;
    const text = (await readLock(disk, lock))?.text;
    if (text === seen.text) continue;
    if (text === undefined || text.endsWith(RELEASED) || seen.owner === undefined) return "changed";
    throw locked(runId, seen.owner);
  }
  return "silent";
}

function locked(runId: string, owner: ProcessIdentity | undefined): HiveWatchError {
  const who = owner === undefined ? "another process" : `process ${owner.pid} on ${owner.host}`;
  const message = `the log of run ${runId} is being written by ${who}, and has one writer at a time: stop that one, or send the events to it`;
  return new HiveWatchError("locked", message);
}

/** @returns undefined if there is no such file any more */
async function readLock(
  disk: Disk,
  { path }: LockFile,
): Promise<{ text: string; owner: ProcessIdentity | undefined } | undefined> {
  try {
    const text = (await readWhole(disk, path)).toString("utf8");
    return { text, owner: identityOf(text.slice(0, text.indexOf("\n"))) };
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** @returns undefined of one that is only just being written */
function identityOf(line: string): ProcessIdentity | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const fields: Record<string, unknown> = typeof value === "object" ? { ...value } : {};
    const { pid, host, boot, namespace, started } = fields;
    if (typeof pid !== "number") return undefined;
    return { pid, host: String(host), boot: String(boot), namespace: String(namespace), started: String(started) };
  } catch {
    return undefined;
  }
}

/** The newest first. */
async function lockFiles(disk: Disk, dir: string): Promise<LockFile[]> {
  const names = await disk.list(dir);
  return names
    .map((name) => LOCK_NAME.exec(name))
    .filter((match) => match !== null)
    .map((match) => lockFile(dir, Number(match[1])))
    .sort((a, b) => b.number - a.number);
}

function lockFile(dir: string, number: number): LockFile {
  return { path: join(dir, `writer-${number}.lock`), number };
}

/** @returns undefined if somebody else was quicker */
async function makeLock(
  disk: Disk,
  dir: string,
  lock: LockFile,
  owner: ProcessIdentity,
): Promise<DiskFile | undefined> {
  const file = await createFile(disk, lock.path);
  if (file === undefined) return undefined;
  try {
    await file.append([Buffer.from(`${JSON.stringify(owner)}\n`)]);
    const [newest, ...older] = await lockFiles(disk, dir);
    if (newest?.number === lock.number) {
      for (const { path } of older) await disk.remove(path);
      return file;
    }
  } catch (error) {
    await abandon(disk, lock, file);
    throw error;
  }
  await abandon(disk, lock, file);
  return undefined;
}

async function createFile(disk: Disk, path: string): Promise<DiskFile | undefined> {
  try {
    return await disk.open(path, "create");
  } catch (error) {
    if (hasCode(error, "EEXIST")) return undefined;
    throw error;
  }
}

async function abandon(disk: Disk, { path }: LockFile, file: DiskFile): Promise<void> {
  await file.close();
  await disk.remove(path);
}

function holdLock(disk: Disk, lock: LockFile, file: DiskFile, tookOver: boolean, heartbeatMs: number): LogLock {
  let isLost = false;
  let beating: Promise<void> = Promise.resolve();
  const heart = setInterval(() => {
    beating = beat();
  }, heartbeatMs).unref();

  async function beat(): Promise<void> {
    try {
      // Opened and closed, since on a network file system that is what lets others see it.
      await withFile(disk, lock.path, "append-existing", (opened) => opened.append([BEAT]));
    } catch (error) {
      if (hasCode(error, "ENOENT")) isLost = true;
      // A sign of life that a sick disk doesn't take is no reason to stop: whoever takes the log for that removes the file.
    }
  }

  function isHeld(): boolean {
    isLost ||= !file.isNamed();
    return !isLost;
  }

  return {
    tookOver,
    isHeld,
    async release() {
      clearInterval(heart);
      await beating;
      try {
        if (isHeld()) await file.append([Buffer.from(RELEASED)]).catch(() => disk.remove(lock.path));
      } finally {
        await file.close();
      }
    },
  };
}
