import { constants, fstatSync } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, rm, statfs } from "node:fs/promises";

/** What a log needs of an open file. */
export interface DiskFile {
  /** Adds bytes at the file's end, all of them or it rejects; some may be there then. */
  append(parts: readonly Uint8Array[]): Promise<void>;
  /** @returns how many bytes there were from the offset, at most as many as fit */
  read(into: Uint8Array, offset: number): Promise<number>;
  /** Makes what was written survive a loss of power: the file, not its name. */
  sync(): Promise<void>;
  /** Cuts what is behind that many bytes. */
  truncate(bytes: number): Promise<void>;
  stat(): Promise<FileStat>;
  /**
   * Whether it still has a name: false when it was removed, or replaced by another. At once, since it is asked before every
   * acknowledgement: the system knows it of an open file, and to ask in the background would cost more than to write a batch.
   */
  isNamed(): boolean;
  close(): Promise<void>;
}

export interface FileStat {
  readonly size: number;
  readonly modifiedMs: number;
}

/**
 * How a file is opened. `append` makes it if there is none, `append-existing` doesn't; `create` fails with `EEXIST` if there
 * is one, `replace` empties it.
 */
export type OpenMode = "read" | "append" | "append-existing" | "create" | "replace";

/**
 * All of the way from a log to the disk. There is one for real; tests put another in its place, which loses its power or
 * its room whenever they want. Errors have the codes of Node's (`ENOENT`, `ENOSPC`, …).
 */
export interface Disk {
  open(path: string, mode: OpenMode): Promise<DiskFile>;
  /** The names in a folder; none if there is no folder. */
  list(dir: string): Promise<string[]>;
  /** Makes a folder and those above it, if they aren't there. */
  makeFolder(dir: string): Promise<void>;
  /** Makes the names in a folder survive a loss of power: a new or renamed file may be gone with it until then. */
  syncFolder(dir: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, if it is there. */
  remove(path: string): Promise<void>;
  /** Whether no other machine can be using a folder: it is on a file system of this one. False if that is not known. */
  isLocal(dir: string): Promise<boolean>;
}

const { O_RDONLY, O_WRONLY, O_APPEND, O_CREAT, O_EXCL, O_TRUNC } = constants;

const FLAGS: Record<OpenMode, number> = {
  read: O_RDONLY,
  append: O_WRONLY | O_APPEND | O_CREAT,
  "append-existing": O_WRONLY | O_APPEND,
  create: O_WRONLY | O_APPEND | O_CREAT | O_EXCL,
  replace: O_WRONLY | O_APPEND | O_CREAT | O_TRUNC,
};

/** Linux' numbers of file systems that one kernel alone has mounted: ext4, XFS, btrfs, F2FS, ZFS, overlay, tmpfs. */
const LOCAL_FILE_SYSTEMS = new Set([0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x2fc12fc1, 0x794c7630, 0x01021994]);

/** The disk of this machine. */
export const nodeDisk: Disk = {
  async open(path, mode) {
    return nodeFile(await open(path, FLAGS[mode]));
  },
  async list(dir) {
    return readdir(dir).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw error;
    });
  },
  async makeFolder(dir) {
    await mkdir(dir, { recursive: true });
  },
  async syncFolder(dir) {
    const handle = await open(dir, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  rename,
  async remove(path) {
    await rm(path, { force: true });
  },
  async isLocal(dir) {
    return process.platform === "linux" && LOCAL_FILE_SYSTEMS.has((await statfs(dir)).type);
  },
};

function nodeFile(handle: FileHandle): DiskFile {
  return {
    append: (parts) => writeAll(handle, parts),
    async read(into, offset) {
      return (await handle.read(into, 0, into.length, offset)).bytesRead;
    },
    sync: () => handle.datasync(),
    truncate: (bytes) => handle.truncate(bytes),
    async stat() {
      const { size, mtimeMs } = await handle.stat();
      return { size, modifiedMs: mtimeMs };
    },
    isNamed: () => fstatSync(handle.fd).nlink > 0,
    close: () => handle.close(),
  };
}

async function writeAll(handle: FileHandle, parts: readonly Uint8Array[]): Promise<void> {
  let left = [...parts];
  while (left.length > 0) {
    const { bytesWritten } = await handle.writev(left);
    left = behind(left, bytesWritten);
  }
}

/** What is left of some bytes behind so many of them: a disk that is nearly full takes less than it is given. */
function behind(parts: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes;
  return parts.flatMap((part) => {
    const skipped = Math.min(skip, part.length);
    skip -= skipped;
    return skipped === part.length ? [] : [part.subarray(skipped)];
  });
}

/** Opens a file, does something with it, and closes it whatever comes of that. */
export async function withFile<T>(
  disk: Disk,
  path: string,
  mode: OpenMode,
  use: (file: DiskFile) => Promise<T>,
): Promise<T> {
  const file = await disk.open(path, mode);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/** All bytes of a file from an offset on. */
export function readWhole(disk: Disk, path: string, offset = 0): Promise<Buffer> {
  return withFile(disk, path, "read", async (file) => {
    const { size } = await file.stat();
    const bytes = Buffer.alloc(Math.max(0, size - offset));
    return bytes.subarray(0, await file.read(bytes, offset));
  });
}

/** Puts a file of some bytes in the place of one that may be there. Its name is durable once its folder is synced. */
export async function putFile(disk: Disk, path: string, parts: readonly Uint8Array[]): Promise<void> {
  const temporary = `${path}.new`;
  await withFile(disk, temporary, "replace", async (file) => {
    await file.append(parts);
    await synced(file.sync());
  });
  await disk.rename(temporary, path);
}

/**
 * A sync that failed. What was to be synced may be lost, and a later sync that succeeds would not say so: the kernel
 * takes for written what it could not write.
 */
export class SyncError extends Error {
  override readonly name = "SyncError";
}

/** Waits for a sync. @throws SyncError */
export async function synced(sync: Promise<void>): Promise<void> {
  try {
    await sync;
  } catch (cause) {
    throw new SyncError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** Whether an error is that of a file or folder that isn't there, or is there already. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
