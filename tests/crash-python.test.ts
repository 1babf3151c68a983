import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { openRunStore } from "@hivewatch/runs";
import {
  type Fields,
  fields,
  inRepository,
  list,
  newSeed,
  type Program,
  randomFrom,
  soak,
  startHivewatch,
  startProgram,
  temporaryFolder,
  until,
} from "@hivewatch/test-support";
import { describe, expect, test } from "vitest";
import { needFlower } from "./support/parts.ts";

const RUN_ID = "run-killed-0001";
const KILLS = soak(4, 200);

describe("kill -9, again and again, loses nothing that was acknowledged and makes nothing be there twice, when it meets", () => {
  test("the bridge", async (context) => {
    const scene = await setScene(needFlower(context));
    await repeat(scene, async () => {
      await scene.killBridge();
      await scene.startBridge();
    });
  });

  test("the training, which is started again on its spool", async (context) => {
    const scene = await setScene(needFlower(context));
    await repeat(scene, async (coin) => {
      // A bridge that answers leaves nothing to be kept.
      if (coin) scene.holdBridge();
      if (coin) await until("a spool with more than was acknowledged", async () => hasSpooled(await scene.notes()));
      await scene.killTraining();
      await scene.startTraining();
      if (coin) scene.releaseBridge();
    });
  });

  test("both", async (context) => {
    const scene = await setScene(needFlower(context));
    await repeat(scene, async (coin) => {
      await scene.killBridge();
      // In the middle of things, or once the training has begun to keep on disk what it can't send.
      if (coin) await until("a spool", async () => (await scene.spools()) > 0);
      await scene.killTraining();
      await scene.startTraining();
      await scene.startBridge();
    });
  });
});

/** Does something again and again, each time after more was acknowledged; then checks what the log holds. */
async function repeat(scene: Scene, strike: (coin: boolean) => Promise<void>): Promise<void> {
  const random = randomFrom(newSeed());
  for (let kill = 0; kill < KILLS; kill++) {
    const wanted = total(await scene.notes()) + 1 + random.below(3000);
    await until("more events to be acknowledged", async () => total(await scene.notes()) >= wanted);
    await strike(random.below(2) === 0);
  }
  await scene.end();
  await expectComplete(scene.runsDir, await scene.notes());
}

/** What a training has written down of its events. */
interface Note {
  /** How many of them the bridge acknowledged. */
  acknowledged: number;
  /** How many of them were acknowledged or in its spool. */
  safe: number;
}

const NOTHING: Note = { acknowledged: 0, safe: 0 };

/** The notes of all trainings, the newest last. */
type Notes = ReadonlyMap<string, Note>;

function total(notes: Notes): number {
  return [...notes.values()].reduce((sum, { acknowledged }) => sum + acknowledged, 0);
}

function hasSpooled(notes: Notes): boolean {
  const newest = [...notes.values()].at(-1);
  return newest !== undefined && newest.safe > newest.acknowledged;
}

/** A bridge and a training that reports to it. */
interface Scene {
  readonly runsDir: string;
  notes(): Promise<Notes>;
  /** How many spools there are. */
  spools(): Promise<number>;
  killBridge(): Promise<void>;
  startBridge(): Promise<void>;
  /** Lets it answer nothing more. */
  holdBridge(): void;
  releaseBridge(): void;
  killTraining(): Promise<void>;
  startTraining(): Promise<void>;
  /** Lets the training end, once everything that was left behind has been sent. */
  end(): Promise<void>;
}

async function setScene(python: string): Promise<Scene> {
  const [runsDir, spoolDir, notesDir] = [await temporaryFolder(), await temporaryFolder(), await temporaryFolder()];
  const notesFile = join(notesDir, "notes");
  let hivewatch = await startHivewatch({ runsDir });
  const env = {
    PYTHONPATH: inRepository("python/src"),
    HIVEWATCH_ENDPOINT: hivewatch.grpc,
    HIVEWATCH_SPOOL_DIR: spoolDir,
  };
  const program = inRepository("tests/python/log_until_killed.py");
  const start = (): Program => startProgram(python, [program, RUN_ID, notesFile], { env });
  let training = start();
  await training.printed(/^started$/m);

  return {
    runsDir,
    notes: async () => readNotes(await readFile(notesFile, "utf8")),
    spools: async () => (await readdir(spoolDir)).length,
    async killBridge() {
      expect(await hivewatch.kill()).toEqual({ code: null, signal: "SIGKILL" });
    },
    async startBridge() {
      hivewatch = await hivewatch.restart();
    },
    holdBridge: () => hivewatch.program.signal("SIGSTOP"),
    releaseBridge: () => hivewatch.program.signal("SIGCONT"),
    async killTraining() {
      training.signal("SIGKILL");
      expect(await training.exited, training.stderr()).toEqual({ code: null, signal: "SIGKILL" });
    },
    async startTraining() {
      training = start();
      await training.printed(/^started$/m);
    },
    async end() {
      training.say("stop");
      expect(await training.exited, training.stderr()).toEqual({ code: 0, signal: null });
      expect(training.stdout(), training.stderr()).toContain("durable: True");
      expect(await readdir(spoolDir), training.stderr()).toEqual([]);
      expect(await hivewatch.stop()).toEqual({ code: 0, signal: null });
    },
  };
}

function readNotes(text: string): Notes {
  const sessions = new Map<string, string>();
  const notes = new Map<string, Note>();
  // The last line may be half-written.
  for (const line of text.split("\n").slice(0, -1)) {
    const [what = "", producer = "", value = ""] = line.split(" ");
    const note = notes.get(producer) ?? { ...NOTHING };
    notes.set(producer, note);
    if (what === "session") sessions.set(producer, value);
    else note.safe = Math.max(note.safe, Number(value));
    if (what === "acknowledged") note.acknowledged = Number(value);
  }
  return new Map(Array.from(sessions, ([producer, session]) => [session, notes.get(producer) ?? { ...NOTHING }]));
}

/**
 * Every training's events are in the log in their order, from the first to at least the last that was safe. One that was
 * killed before any of its was safe may have left nothing; the last one has left all.
 *
 * A training that was killed while it wrote its spool has left a piece that can't be read. Whoever sends the spool says so
 * with an event, which is counted among those that are safe, but has no number of the training's.
 */
async function expectComplete(runsDir: string, notes: Notes): Promise<void> {
  const next = new Map<string, number>();
  let cutShort = 0;
  for await (const { entries } of openRunStore({ dir: runsDir }).read(RUN_ID)) {
    for (const { event } of entries) {
      const { session, number } = numberOf(event);
      if (event.unreadable_bytes !== undefined) cutShort++;
      if (session === undefined) continue;
      expect(number).toBe(next.get(session) ?? 0);
      next.set(session, number + 1);
    }
  }
  const missing = Array.from(notes, ([session, { safe }]) => Math.max(0, safe - (next.get(session) ?? 0)));
  expect(missing.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(cutShort);
  expect([...next.keys()]).toContain([...notes.keys()].at(-1));
}

/** The number that a training gave an event, and which training. */
function numberOf(event: Fields): { session: string | undefined; number: number } {
  if (event.event_type === "init") return { session: String(fields(event.config).session), number: 0 };
  if (event.event_type === "finished") {
    const [session, number] = String(event.reason).split(" ");
    return { session, number: Number(number) };
  }
  const { session, number } = event.event_type === "mark" ? event : (list(event.clients ?? [])[0] ?? {});
  return { session: typeof session === "string" ? session : undefined, number: Number(number) };
}
