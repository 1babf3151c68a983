import { dirname } from "node:path";
import { setImmediate as tick } from "node:timers/promises";
import type { Random } from "@hivewatch/test-support";
import type { Disk, DiskFile, OpenMode } from "../../src/disk.ts";
import type { Processes } from "../../src/process-identity.ts";

/** What is done to a disk, for a test to let it fail. */
export type Operation =
  | "open"
  | "append"
  | "sync"
  | "truncate"
  | "list"
  | "makeFolder"
  | "syncFolder"
  | "rename"
  | "remove";

/** Says whether an operation on a path fails, and how. */
export type Fault = (operation: Operation, path: string) => Error | undefined;

/** A process that uses a {@link ModelMachine}. */
export interface ModelProcess {
  readonly disk: Disk;
  readonly processes: Processes;
  /** Ends it at once, in the middle of whatever it does; nothing that it waits for ever comes. */
  kill(): void;
}

/**
 * A machine whose disk promises no more than disks do. What a file was given survives a loss of power after its sync, a
 * name after that of its folder; of everything else some survives, in any order, and torn. After a sync that failed, what
 * was to be synced passes for synced, and isn't.
 */
export interface ModelMachine {
  start(): ModelProcess;
  /** All processes end, and what was not synced is lost, or not, or in part. */
  losePower(): void;
  /** Lets operations fail from now on. Returns what has let them fail until now. */
  setFault(fault: Fault | undefined): Fault | undefined;
  /** Changes what is in a file. */
  damage(path: string, change: (bytes: Buffer) => void): void;
  paths(): string[];
}

interface Write {
  readonly at: number;
  /** undefined cuts the file there. */
  readonly bytes: Buffer | undefined;
}

interface Inode {
  /** What everybody reads. */
  bytes: Buffer;
  durable: Buffer;
  unsynced: Write[];
  names: number;
  modifiedMs: number;
}

type Entry = Inode | "folder";

interface NameChange {
  readonly path: string;
  readonly entry: Entry | undefined;
}

export function modelMachine(random: Random): ModelMachine {
  let entries = new Map<string, Entry>();
  let durableEntries = new Map<string, Entry>();
  let changes: (readonly NameChange[])[] = [];
  let fault: Fault | undefined;
  let boot = 1;
  let started = 0;
  const alive = new Set<string>();

  function setNames(...names: NameChange[]): void {
    changes.push(names);
    for (const change of names) applyName(entries, change);
  }

  function inodeAt(path: string): Inode {
    const entry = entries.get(path);
    if (entry === undefined || entry === "folder") throw errno("ENOENT", path);
    return entry;
  }

  function makeInode(path: string): Inode {
    if (entries.get(dirname(path)) !== "folder") throw errno("ENOENT", path);
    const empty = Buffer.alloc(0);
    const inode = { bytes: empty, durable: empty, unsynced: [], names: 0, modifiedMs: Date.now() };
    setNames({ path, entry: inode });
    return inode;
  }

  function inodeFor(path: string, mode: OpenMode): Inode {
    const found = entries.get(path);
    if (found === "folder") throw errno("EISDIR", path);
    if (mode === "create" && found !== undefined) throw errno("EEXIST", path);
    if (found === undefined) {
      if (mode === "read" || mode === "append-existing") throw errno("ENOENT", path);
      return makeInode(path);
    }
    if (mode === "replace") cut(found, 0);
    return found;
  }

  function start(): ModelProcess {
    const identity = { pid: ++started, host: "model", boot: String(boot), namespace: "", started: "" };
    const name = `${boot}:${started}`;
    alive.add(name);

    /** Does something as one process does it: not at once, and not at all if it ends before. */
    async function step<T>(operation: Operation | "look", path: string, act: () => T): Promise<T> {
      await tick();
      while (alive.has(name) && random.below(3) === 0) await tick();
      if (!alive.has(name)) return new Promise<T>(() => {});
      const error = operation === "look" ? undefined : fault?.(operation, path);
      if (error !== undefined) throw error;
      return act();
    }

    function fileOf(inode: Inode, path: string): DiskFile {
      return {
        async append(parts) {
          const data = Buffer.concat(parts);
          const half = random.below(data.length + 1);
          // In two parts: a process, a disk's room or its health may end between them.
          await step("look", path, () => write(inode, data.subarray(0, half)));
          await step("append", path, () => write(inode, data.subarray(half)));
        },
        read: (into, offset) =>
          step("look", path, () => (offset >= inode.bytes.length ? 0 : inode.bytes.copy(into, 0, offset))),
        async sync() {
          try {
            await step("sync", path, () => syncInode(inode));
          } catch (error) {
            loseUnsynced(inode, random);
            throw error;
          }
        },
        truncate: (bytes) => step("truncate", path, () => cut(inode, bytes)),
        stat: () =>
          step("look", path, () => ({
            size: inode.bytes.length,
            modifiedMs: inode.modifiedMs,
          })),
        isNamed: () => [...entries.values()].includes(inode),
        close: () => step("look", path, () => undefined),
      };
    }

    const disk: Disk = {
      open: (path, mode) => step("open", path, () => fileOf(inodeFor(path, mode), path)),
      list: (dir) =>
        step("list", dir, () =>
          [...entries.keys()].filter((path) => dirname(path) === dir).map((path) => path.slice(dir.length + 1)),
        ),
      makeFolder: (dir) => step("makeFolder", dir, () => makeFolder(dir)),
      syncFolder: (dir) => step("syncFolder", dir, () => syncNames(dir)),
      rename: (from, to) =>
        step("rename", from, () => setNames({ path: from, entry: undefined }, { path: to, entry: inodeAt(from) })),
      remove: (path) =>
        step("remove", path, () => {
          if (entries.has(path)) setNames({ path, entry: undefined });
        }),
      isLocal: async () => true,
    };
    const processes: Processes = {
      self: async () => identity,
      fateOf: async ({ boot: of, pid }) => (alive.has(`${of}:${pid}`) ? "alive" : "dead"),
    };
    return { disk, processes, kill: () => void alive.delete(name) };
  }

  function makeFolder(dir: string): void {
    if (entries.has(dir)) return;
    if (dirname(dir) !== dir) makeFolder(dirname(dir));
    setNames({ path: dir, entry: "folder" });
    // Only the log's own folder is a new one; that those above it are there is not what is tested.
    if (dirname(dir) === "/") syncNames("/");
  }

  function syncNames(dir: string): void {
    const [synced, left] = [changes.filter(isOf), changes.filter((change) => !isOf(change))];
    for (const change of synced.flat()) applyName(durableEntries, change);
    changes = left;
    function isOf(change: readonly NameChange[]): boolean {
      return change.some(({ path }) => dirname(path) === dir);
    }
  }

  return {
    start,
    losePower() {
      alive.clear();
      boot++;
      for (const entry of new Set([
        ...entries.values(),
        ...durableEntries.values(),
        ...changes.flat().map((c) => c.entry),
      ])) {
        if (entry === undefined || entry === "folder") continue;
        loseUnsynced(entry, random);
        entry.bytes = entry.durable;
      }
      for (const change of changes) {
        if (random.below(2) === 0) for (const each of change) applyName(durableEntries, each);
      }
      changes = [];
      // What stands in a folder that is gone is gone.
      entries = new Map([...durableEntries].filter(([path]) => path === "/" || durableEntries.has(dirname(path))));
      durableEntries = new Map(entries);
    },
    setFault(next) {
      const before = fault;
      fault = next;
      return before;
    },
    damage(path, change) {
      const inode = inodeAt(path);
      inode.bytes = Buffer.from(inode.bytes);
      change(inode.bytes);
      inode.durable = inode.bytes;
    },
    paths: () => [...entries.keys()],
  };
}

function applyName(entries: Map<string, Entry>, { path, entry }: NameChange): void {
  if (entry === undefined) entries.delete(path);
  else entries.set(path, entry);
}

function write(inode: Inode, bytes: Buffer): void {
  if (bytes.length === 0) return;
  const change = { at: inode.bytes.length, bytes: Buffer.from(bytes) };
  inode.unsynced.push(change);
  inode.bytes = applyWrite(inode.bytes, change);
  inode.modifiedMs = Date.now();
}

function cut(inode: Inode, at: number): void {
  const change = { at, bytes: undefined };
  inode.unsynced.push(change);
  inode.bytes = applyWrite(inode.bytes, change);
}

function applyWrite(file: Buffer, { at, bytes }: Write): Buffer {
  const before = file.subarray(0, at);
  // A hole, where a write survived and one before it didn't, reads as zeros.
  const hole = Buffer.alloc(Math.max(0, at - file.length));
  if (bytes === undefined) return Buffer.concat([before, hole]);
  return Buffer.concat([before, hole, bytes, file.subarray(at + bytes.length)]);
}

function syncInode(inode: Inode): void {
  for (const change of inode.unsynced) inode.durable = applyWrite(inode.durable, change);
  inode.unsynced = [];
}

/** Some of what was not synced gets to the disk, whole or torn, and nothing more of it ever will. */
function loseUnsynced(inode: Inode, random: Random): void {
  for (const change of inode.unsynced) {
    const { at, bytes } = change;
    const fate = random.below(4);
    if (fate === 0) continue;
    if (bytes === undefined || fate === 1) inode.durable = applyWrite(inode.durable, change);
    else if (fate === 2) {
      const from = random.below(bytes.length);
      inode.durable = applyWrite(inode.durable, { at: at + from, bytes: bytes.subarray(from) });
    } else inode.durable = applyWrite(inode.durable, { at, bytes: bytes.subarray(0, random.below(bytes.length + 1)) });
  }
  inode.unsynced = [];
}

function errno(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

export const noSpace: Error = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
export const ioError: Error = Object.assign(new Error("EIO: i/o error"), { code: "EIO" });
