import { temporaryFolder, until } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { createCommitBoard } from "../src/commit-board.ts";
import { readLog } from "../src/read-log.ts";
import { openRunLog, type RunLog, type RunLogOptions } from "../src/run-log.ts";
import { diskWith } from "./support/disks.ts";
import { batchOf, entriesOf, ids, idsOf, update, updates } from "./support/events.ts";
import { readAll } from "./support/logs.ts";

// So long that nothing but a commit wakes a reader in time for its test.
const NEVER_MS = 2 ** 30;
const MIB = 1024 * 1024;

const board = () => createCommitBoard(NEVER_MS);

function openWith(dir: string, commits: ReturnType<typeof board>, options: RunLogOptions = {}): Promise<RunLog> {
  return openRunLog(dir, "r", {
    onCommit: ({ position, segment }) => commits.note("r", position, segment),
    onClose: () => commits.forget("r"),
    ...options,
  });
}

test("a reader in the writer's process sees nothing before it is on disk, and then at once", async () => {
  const dir = await temporaryFolder();
  const commits = board();
  let release = (): void => {};
  let isHeldUp = false;
  const disk = diskWith((file) => ({
    ...file,
    async sync() {
      if (isHeldUp) await new Promise<void>((resolve) => (release = resolve));
      return file.sync();
    },
  }));
  const log = await openWith(dir, commits, { disk });
  const stop = new AbortController();
  const seen: string[] = [];
  const following = (async () => {
    const steps = readLog(dir, "r", { follow: true, signal: stop.signal }, commits.follow("r"));
    for await (const { entries } of steps) seen.push(...idsOf(entries));
  })();
  for (let i = 0; i < 5; i++) {
    isHeldUp = true;
    const append = log.append(batchOf(updates(2, 2 * i), 2 * i));
    await until(
      "what is not synced, as another process may see it",
      async () => (await readAll(dir)).length === 2 * i + 2,
    );
    commits.note("r", log.position); // wakes the reader
    expect(idsOf(await entriesOf(readLog(dir, "r", {}, commits.follow("r"))))).toEqual(ids(2 * i));
    expect(seen).toEqual(ids(2 * i));
    isHeldUp = false;
    release();
    await append;
    await until("what is synced", () => seen.length === 2 * i + 2);
  }
  stop.abort();
  await following;
  await log.close();
});

test("a reader that is told of a writer in another thread reads as far as it was told", async () => {
  const dir = await temporaryFolder();
  const log = await openRunLog(dir, "r", { segmentBytes: 300 });
  for (let i = 0; i < 10; i++) await log.append(batchOf(updates(1, i), i));
  const commits = board();
  const read = async (): Promise<string[]> => idsOf(await entriesOf(readLog(dir, "r", {}, commits.follow("r"))));
  expect(await read()).toEqual(ids(10));
  for (let position = 0; position <= 10; position++) {
    commits.note("r", position);
    expect(await read()).toEqual(ids(position));
  }
  commits.note("r", 5);
  commits.forget("r");
  expect(await read()).toEqual(ids(10));
  await log.close();
});

test("a reader goes on behind what this process has written when another one writes the log", async () => {
  const dir = await temporaryFolder();
  const commits = board();
  const log = await openWith(dir, commits);
  await log.append(batchOf(updates(2)));
  await log.close();
  const other = await openRunLog(dir, "r");
  await other.append(batchOf(updates(2, 2), 2));
  expect(idsOf(await entriesOf(readLog(dir, "r", {}, commits.follow("r"))))).toEqual(ids(4));
  await other.close();
});

test("a reader that goes on near the end reads little, in any segment", async () => {
  const dir = await temporaryFolder();
  const commits = board();
  const log = await openWith(dir, commits, { segmentBytes: 8 * MIB });
  const blob = "x".repeat(MIB / 4);
  const count = 100;
  for (let i = 0; i < count; i++) await log.append(batchOf([update({ client_id: `c${i}`, blob })], i));
  let bytes = 0;
  const disk = diskWith((file, path) => ({
    ...file,
    async read(into, offset) {
      const length = await file.read(into, offset);
      if (path.endsWith(".seg")) bytes += length;
      return length;
    },
  }));
  for (let from = 0; from < count; from++) {
    bytes = 0;
    const steps = readLog(dir, "r", { from }, commits.follow("r"), disk);
    const { value } = await steps.next();
    await steps.return(undefined);
    expect(value?.entries[0]?.position).toBe(from + 1);
    expect(bytes).toBeLessThan(4 * MIB);
  }
  await log.close();
});
