import { readdir, readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { newSeed, randomFrom, startProgram, temporaryFolder, until } from "@hivewatch/test-support";
import { describe, expect, test, vi } from "vitest";
import { nodeDisk } from "../src/disk.ts";
import { type LockOptions, type LogLock, lockLog } from "../src/log-lock.ts";
import { localProcesses, type Processes, type ProcessIdentity } from "../src/process-identity.ts";
import { openRunLog } from "../src/run-log.ts";
import { batchOf, ids, idsOf, updates } from "./support/events.ts";
import { readAll } from "./support/logs.ts";
import { modelMachine } from "./support/model-disk.ts";

/** So long that it never comes. */
const NEVER_MS = 2 ** 30;

/** Processes of which nothing can be learned, as those of other machines. */
const strangers: Processes = { self: localProcesses.self, fateOf: async () => "unknown" };

function lock(dir: string, options: LockOptions = {}): Promise<LogLock> {
  return lockLog(nodeDisk, dir, "r", { silenceMs: NEVER_MS, pollMs: 1, ...options });
}

/** A folder whose lock somebody else has. */
async function lockedBy(owner: ProcessIdentity | string): Promise<string> {
  const dir = await temporaryFolder();
  await writeFile(join(dir, "writer-4.lock"), typeof owner === "string" ? owner : `${JSON.stringify(owner)}\n`);
  return dir;
}

async function identityOf(pid: number): Promise<ProcessIdentity> {
  const status = await readFile(`/proc/${pid}/stat`, "utf8");
  const started = status.slice(status.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  return { ...(await localProcesses.self()), pid, started };
}

test("a second writer is told who the first one is, until that one has closed the log", async () => {
  const dir = await temporaryFolder();
  const first = await openRunLog(dir, "r");
  const refusal = {
    code: "locked",
    message: expect.stringContaining(`run r is being written by process ${process.pid} on ${hostname()}`),
  };
  await expect(openRunLog(dir, "r")).rejects.toMatchObject(refusal);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 10 * 365 * 86_400_000 });
  await expect(openRunLog(dir, "r")).rejects.toMatchObject(refusal);
  vi.useRealTimers();
  await first.append(batchOf(updates(2)));
  expect(idsOf(await readAll(dir))).toEqual(ids(2)); // who only reads needs no lock
  await first.close();
  const second = await openRunLog(dir, "r");
  await second.append(batchOf(updates(2, 2), 2));
  await second.close();
  expect(idsOf(await readAll(dir))).toEqual(ids(4));
});

test("a log that can't be opened is not locked afterwards", async () => {
  const dir = await temporaryFolder();
  const path = join(dir, `${"0".repeat(20)}.seg`);
  await writeFile(path, "HWLOG\0\0\x02 and something newer");
  await expect(openRunLog(dir, "r")).rejects.toMatchObject({ code: "corrupt_log" });
  await writeFile(path, "");
  await (await openRunLog(dir, "r")).close();
});

describe.runIf(process.platform === "linux")("the lock of a process on this machine", () => {
  test("is held as long as it lives, and free at once when it was killed", async () => {
    const program = startProgram("sh", ["-c", "echo $$; exec sleep 1000"]);
    const pid = Number((await program.printed(/\d+/))[0]);
    const dir = await lockedBy(await identityOf(pid));
    await expect(lock(dir)).rejects.toMatchObject({
      code: "locked",
      message: expect.stringContaining(`process ${pid}`),
    });
    program.signal("SIGKILL");
    await program.exited;
    await (await lock(dir)).release();
  });

  test("is free at once also if nobody has taken notice of its death", async () => {
    const parent = startProgram("sh", ["-c", "sleep 1000 & echo $!; exec sleep 1000"]);
    const pid = Number((await parent.printed(/\d+/))[0]);
    const dir = await lockedBy(await identityOf(pid));
    await expect(lock(dir)).rejects.toMatchObject({ code: "locked" });
    process.kill(pid, "SIGKILL");
    await until("a dead process", async () => (await readFile(`/proc/${pid}/stat`, "utf8")).includes(") Z "));
    await (await lock(dir)).release();
  });

  test("is not mistaken for that of a later one with its number", async () => {
    const dir = await lockedBy({ ...(await localProcesses.self()), started: "1" });
    await (await lock(dir)).release();
  });

  test("is free after the machine was started anew, if no other machine can have had it", async () => {
    const owner = { ...(await localProcesses.self()), boot: "an earlier one" };
    expect(await localProcesses.fateOf(owner, true)).toBe("dead");
    expect(await localProcesses.fateOf(owner, false)).toBe("unknown");
    expect(await localProcesses.fateOf({ ...owner, boot: "" }, true)).toBe("unknown");
  });

  test("in another container can't be told of", async () => {
    const owner = { ...(await localProcesses.self()), namespace: "pid:[1]" };
    expect(await localProcesses.fateOf(owner, true)).toBe("unknown");
  });
});

describe("the lock of a process out of reach", () => {
  test("is held as long as it gives signs of life", async () => {
    const dir = await temporaryFolder();
    const held = await lock(dir, { heartbeatMs: 1 });
    for (let i = 0; i < 3; i++) {
      await expect(lock(dir, { processes: strangers })).rejects.toMatchObject({ code: "locked" });
    }
    expect(held.isHeld()).toBe(true);
    await held.release();
  });

  test("is taken when it gives none, and it learns of that", async () => {
    const dir = await temporaryFolder();
    const held = await lock(dir, { heartbeatMs: NEVER_MS });
    const taken = await lock(dir, { processes: strangers, silenceMs: 20 });
    expect([held.tookOver, taken.tookOver]).toEqual([false, true]);
    expect([held.isHeld(), taken.isHeld()]).toEqual([false, true]);
    await held.release();
    await expect(lock(dir)).rejects.toMatchObject({ code: "locked" });
    await taken.release();
    await (await lock(dir)).release();
  });

  test("is free as soon as it gives it back", async () => {
    const dir = await temporaryFolder();
    const held = await lock(dir, { heartbeatMs: NEVER_MS });
    const waiting = lock(dir, { processes: strangers });
    await held.release();
    await (await waiting).release();
  });

  test.each(["", "{", '{"pid":"x"}\n', "garbage\n"])("that says %j of its owner is watched as well", async (text) => {
    const dir = await lockedBy(text);
    const waiting = lock(dir, { silenceMs: 20 });
    expect((await waiting).tookOver).toBe(true);
    await (await waiting).release();
  });
});

test("of many who take over a dead one's lock at once, one gets it", async () => {
  const dead = { ...(await localProcesses.self()), started: "1" };
  for (let round = 0; round < 20; round++) {
    const dir = await lockedBy(dead);
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => lock(dir)));
    const got = results.filter((result) => result.status === "fulfilled");
    expect(got).toHaveLength(1);
    for (const result of results) {
      if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "locked" });
    }
    expect(await readdir(dir)).toHaveLength(1);
    await got[0]?.value.release();
  }
});

test("whatever is done at once by whom, no two ever have it", async () => {
  const random = randomFrom(newSeed());
  const machine = modelMachine(random);
  const holders = new Set<LogLock>();
  const boot = machine.start();
  await boot.disk.makeFolder("/runs/r.log");
  async function live(): Promise<void> {
    const { disk, processes, kill } = machine.start();
    for (let i = 0; i < 30; i++) {
      const held = await lockLog(disk, "/runs/r.log", "r", {
        processes,
        heartbeatMs: NEVER_MS,
        silenceMs: 5,
        pollMs: 1,
      }).catch(() => undefined);
      if (held === undefined) continue;
      holders.add(held);
      expect(holders.size).toBe(1);
      for (let step = random.below(5); step > 0; step--) expect(held.isHeld()).toBe(true);
      expect(holders.size).toBe(1);
      holders.delete(held);
      if (random.below(4) === 0) return kill();
      await held.release();
    }
  }
  await Promise.all(Array.from({ length: 8 }, live));
});

test("a writer whose log was taken acknowledges nothing more, and what it writes then is not read", async () => {
  const dir = await temporaryFolder();
  const slow = await openRunLog(dir, "r", { lock: { heartbeatMs: NEVER_MS } });
  await slow.append(batchOf(updates(2)));
  const next = await openRunLog(dir, "r", { lock: { processes: strangers, silenceMs: 20, pollMs: 1 } });
  expect(next.highWaterMark("p", 1n)).toBe(2n);
  await expect(slow.append(batchOf(updates(2, 100), 2))).rejects.toMatchObject({ code: "locked" });
  await expect(slow.append(batchOf(updates(2, 100), 2))).rejects.toMatchObject({ code: "locked" });
  expect(slow.failure).toMatchObject({ code: "locked" });
  expect((await next.append(batchOf(updates(2, 2), 2))).status).toBe("stored");
  await slow.close();
  await next.close();
  expect(idsOf(await readAll(dir))).toEqual(ids(4));
  const again = await openRunLog(dir, "r");
  expect(again.position).toBe(4);
  await again.close();
});

test("a log that was taken before anything was in it begins in a file of its own", async () => {
  const dir = await temporaryFolder();
  const slow = await openRunLog(dir, "r", { lock: { heartbeatMs: NEVER_MS } });
  const next = await openRunLog(dir, "r", { lock: { processes: strangers, silenceMs: 20, pollMs: 1 } });
  await expect(slow.append(batchOf(updates(2, 100)))).rejects.toMatchObject({ code: "locked" });
  await next.append(batchOf(updates(2)));
  await slow.close();
  await next.close();
  expect(idsOf(await readAll(dir))).toEqual(ids(2));
});
