import { newSeed, type Random, randomFrom, soak } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { type CommitBoard, createCommitBoard } from "../src/commit-board.ts";
import { readLog } from "../src/read-log.ts";
import { type Durability, openRunLog, type RunLog } from "../src/run-log.ts";
import { batchOf, entriesOf, idsOf, update } from "./support/events.ts";
import { readAll } from "./support/logs.ts";
import { type Fault, ioError, type ModelProcess, modelMachine, noSpace } from "./support/model-disk.ts";

const STEPS = 400;
const ROUNDS = soak(5, 1000);
const DIR = "/runs/r.log";
// Nothing may hang on the time, so that a seed gives the same again.
const LOCK = { heartbeatMs: 2 ** 30, silenceMs: 0 };
const PRODUCERS = ["p", "q", "s"] as const;

/** One who sends numbered events, and knows which of them were acknowledged. */
interface Sender {
  readonly name: string;
  epoch: number;
  /** The number of the event that it sends next. */
  next: number;
  /** By epoch, the number of the first event that was not acknowledged. */
  readonly acked: Map<number, number>;
}

interface World {
  start(): Promise<void>;
  step(): Promise<void>;
  check(): Promise<void>;
}

function createWorld(random: Random, durability: Durability): World {
  const machine = modelMachine(random);
  const senders: Sender[] = PRODUCERS.map((name) => ({ name, epoch: 1, next: 0, acked: new Map() }));
  let durableIds: string[] = [];
  let owner: ModelProcess = machine.start();
  let board: CommitBoard = createCommitBoard(2 ** 30);
  let log: RunLog | undefined;
  let sent: Promise<unknown>[] = [];

  function restart(): void {
    owner.kill();
    owner = machine.start();
    board = createCommitBoard(2 ** 30);
    log = undefined;
    sent = [];
  }

  async function reopen(): Promise<void> {
    for (let attempt = 0; log === undefined; attempt++) {
      // A disk that goes on failing is repaired; what a process remembers of it, only a new process forgets.
      if (attempt === 2) machine.setFault(undefined);
      if (attempt > 2) restart();
      const { disk, processes } = owner;
      const publish = board;
      log = await openRunLog(DIR, "r", {
        disk,
        durability,
        segmentBytes: 700,
        lock: { ...LOCK, processes },
        onCommit: ({ position, segment }) => publish.note("r", position, segment),
        onClose: () => publish.forget("r"),
      }).catch(() => undefined);
    }
    for (const sender of senders) {
      const mark = Number(log.highWaterMark(sender.name, BigInt(sender.epoch)));
      expect(mark).toBeGreaterThanOrEqual(sender.acked.get(sender.epoch) ?? 0);
      sender.next = mark;
    }
    await check();
  }

  /** The log has every acknowledged event once, each producer's in its order, and all that was ever seen as durable. */
  async function check(): Promise<void> {
    await Promise.all(sent);
    const fault = machine.setFault(undefined);
    const entries = await readAll(DIR, {}, "r", owner.disk);
    machine.setFault(fault);
    expect(entries.map(({ position }) => position)).toEqual(entries.map((_, i) => i + 1));
    const ids = idsOf(entries);
    expect(ids.slice(0, durableIds.length)).toEqual(durableIds);
    for (const { name, acked } of senders) {
      for (const [epoch, count] of acked) expectSequence(ids, `${name}:${epoch}:`, count);
    }
  }

  /** What a reader in the writer's process has seen stays, whatever happens. */
  async function readDurable(): Promise<void> {
    const fault = machine.setFault(undefined);
    const steps = readLog(DIR, "r", { from: durableIds.length }, board.follow("r"), owner.disk);
    durableIds = [...durableIds, ...idsOf(await entriesOf(steps))];
    machine.setFault(fault);
  }

  function send(sender: Sender, first: number, count: number): Promise<unknown> {
    const { name, epoch } = sender;
    const events = Array.from({ length: count }, (_, i) => update({ client_id: `${name}:${epoch}:${first + i}` }));
    const sending = log?.append(batchOf(events, first, name, BigInt(epoch))).then(
      ({ status, nextSeq }) => {
        if (status === "stored" || status === "duplicate") {
          expect(Number(nextSeq)).toBeGreaterThanOrEqual(status === "stored" ? first + count : 0);
          sender.acked.set(epoch, Math.max(sender.acked.get(epoch) ?? 0, Number(nextSeq)));
        }
        return status;
      },
      () => "refused",
    );
    const answer = sending ?? Promise.resolve("refused");
    sent.push(answer);
    return answer;
  }

  async function settle(): Promise<void> {
    await Promise.all(sent);
    sent = [];
    for (const sender of senders) sender.next = Number(log?.highWaterMark(sender.name, BigInt(sender.epoch)) ?? 0);
  }

  async function losePower(): Promise<void> {
    const sealed = Math.max(
      0,
      ...machine
        .paths()
        .flatMap((path) => /(\d+)\.seg$/.exec(path)?.slice(1) ?? [])
        .map(Number),
    );
    machine.losePower();
    restart();
    if (durability === "os") await forgetLostEnd(sealed);
    return reopen();
  }

  /** What the operating system had not yet brought to the disk went with the power: the end of the newest segment. */
  async function forgetLostEnd(sealed: number): Promise<void> {
    const fault = machine.setFault(undefined);
    const { disk, processes } = owner;
    const recovered = await openRunLog(DIR, "r", { disk, durability, lock: { ...LOCK, processes } });
    await recovered.close();
    expect(recovered.position).toBeGreaterThanOrEqual(sealed);
    const left = idsOf(await readAll(DIR, {}, "r", disk));
    machine.setFault(fault);
    expect(left).toHaveLength(recovered.position);
    durableIds = durableIds.slice(0, left.length);
    for (const { name, acked } of senders) {
      for (const [epoch, count] of acked) {
        const isLeft = (id: string): boolean => id.startsWith(`${name}:${epoch}:`);
        acked.set(epoch, Math.min(count, left.filter(isLeft).length));
      }
    }
  }

  async function secondWriter(): Promise<void> {
    const fault = machine.setFault(undefined);
    const other = machine.start();
    const { disk, processes } = other;
    await expect(openRunLog(DIR, "r", { disk, lock: { ...LOCK, processes } })).rejects.toMatchObject({
      code: "locked",
    });
    other.kill();
    machine.setFault(fault);
  }

  async function step(): Promise<void> {
    const sender = random.pick([senders[0], ...senders.slice(1)]);
    if (sender === undefined) return;
    switch (random.below(40)) {
      case 0:
        restart(); // in the middle of what it does
        return reopen();
      case 1:
        return losePower();
      case 2:
        await log?.close().catch(() => undefined);
        await settle();
        log = undefined;
        return reopen();
      case 3:
        machine.setFault(random.below(2) === 0 ? undefined : sometimes(random));
        return;
      case 4:
        await settle();
        if (sender.next === 0) return;
        sender.epoch++;
        sender.next = 0;
        return;
      case 5:
        await settle();
        if (sender.next > 0) expect(await send(sender, random.below(sender.next), 1)).toMatch(/duplicate|refused/);
        return;
      case 6:
        await settle();
        expect(await send(sender, sender.next + 1 + random.below(3), 1)).toMatch(/gap|refused/);
        return;
      case 7:
        if (log?.failure === undefined) await secondWriter();
        return;
      case 8:
        return readDurable();
      case 9:
        await readDurable();
        return losePower();
      case 10:
      case 11:
        await settle();
        if (log?.failure === undefined) return;
        restart();
        return reopen();
      default: {
        const count = 1 + random.below(3);
        const first = sender.next;
        sender.next += count;
        void send(sender, first, count);
      }
    }
  }

  return { start: reopen, step, check };
}

function expectSequence(ids: readonly string[], prefix: string, atLeast: number): void {
  const own = ids.filter((id) => id.startsWith(prefix));
  expect(own).toEqual(own.map((_, i) => `${prefix}${i}`));
  expect(own.length).toBeGreaterThanOrEqual(atLeast);
}

function sometimes(random: Random): Fault {
  return (operation, path) => {
    // If not even a name can be made after a failed sync and a failed cut, nobody can know later.
    if (random.below(12) > 0 || path.includes("unsynced-from")) return undefined;
    if (operation === "append" || operation === "open" || operation === "rename") return noSpace;
    return operation === "list" ? undefined : ioError;
  };
}

test.each(["commit", "os"] as const)(
  "with durability `%s`: any schedule of appends, repeats, gaps, epochs, failures of the disk, second writers, ends of the process and losses of power",
  async (durability) => {
    const seed = newSeed();
    for (let round = 0; round < ROUNDS; round++) {
      try {
        await playRound(seed + round, durability);
      } catch (error) {
        console.info(`this was HIVEWATCH_TEST_SEED=${seed + round}`);
        throw error;
      }
    }
  },
);

async function playRound(seed: number, durability: Durability): Promise<void> {
  const world = createWorld(randomFrom(seed), durability);
  await world.start();
  for (let i = 0; i < STEPS; i++) await world.step();
  await world.check();
}
