import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { HiveEvent } from "@hivewatch/core";
import { temporaryFolder } from "@hivewatch/test-support";
import { beforeEach, expect, test, vi } from "vitest";
import { type ArtifactOptions, type ArtifactPaths, writeArtifacts } from "../src/artifacts.ts";
import type { FoldStep } from "../src/fold-units.ts";
import { writePiecesAtomic } from "../src/write-pieces.ts";
import { updates } from "./support/events.ts";
import { training } from "./support/training.ts";

vi.mock("../src/write-pieces.ts", async (importActual) => {
  const actual = await importActual<typeof import("../src/write-pieces.ts")>();
  return { writePiecesAtomic: vi.fn(actual.writePiecesAtomic) };
});

beforeEach(() => {
  vi.mocked(writePiecesAtomic).mockClear();
});

interface Written {
  readonly dir: string;
  readonly said: string[];
  /** How often the head of the map in schema 2 was written, and the map in schema 1. */
  readonly heads: number;
  readonly maps: number;
  /** Of all maps in schema 1. */
  readonly mapChars: number;
}

async function written(steps: Iterable<FoldStep>, options: Partial<ArtifactOptions> = {}): Promise<Written> {
  const dir = await temporaryFolder();
  const said: string[] = [];
  const paths: ArtifactPaths = {
    log: join(dir, "r.log"),
    jsonl: join(dir, "r.jsonl"),
    map: join(dir, "r.map.json"),
    map2: { head: join(dir, "r.map2.json"), frames: join(dir, "r.map2") },
    cursor: join(dir, "cursor.json"),
  };
  let mapChars = 0;
  const { writePiecesAtomic: write } =
    await vi.importActual<typeof import("../src/write-pieces.ts")>("../src/write-pieces.ts");
  vi.mocked(writePiecesAtomic).mockImplementation((path, pieces, maxBytes) => {
    const text = [...pieces].join("");
    if (path === paths.map) mapChars += text.length;
    return write(path, [text], maxBytes);
  });
  const read = async function* (): AsyncGenerator<FoldStep> {
    yield* steps;
    yield { units: [], atEnd: true };
  };
  await writeArtifacts("r", paths, read, { isOwner: true, onDiagnostic: (message) => said.push(message), ...options });
  const writes = vi.mocked(writePiecesAtomic).mock.calls.map(([path]) => path);
  const timesOf = (written: string): number => writes.filter((path) => path === written).length;
  return { dir, said, heads: timesOf(paths.map2.head), maps: timesOf(paths.map), mapChars };
}

/** A run of which each event comes by itself, as a slow training's do. */
function* oneByOne(events: readonly HiveEvent[]): Generator<FoldStep> {
  for (const [i, event] of events.entries()) {
    yield { units: [{ kind: "events", events: [event], position: i + 1 }], atEnd: false };
    yield { units: [], atEnd: true };
  }
}

function* atOnce(events: readonly HiveEvent[]): Generator<FoldStep> {
  yield { units: [{ kind: "events", events, position: events.length }], atEnd: false };
}

test("files are written when rounds have ended and never for each event", async () => {
  const rounds = 40;
  const { heads } = await written(oneByOne(training(rounds)));
  expect(heads).toBeGreaterThan(1);
  // Each round, when it is over, and now and then what has come meanwhile.
  expect(heads).toBeLessThan(2 * rounds);
});

test("files of many rounds that are read at once are written once", async () => {
  const { heads, maps } = await written(atOnce(training(10)));
  expect([heads, maps]).toEqual([1, 1]);
});

test("what is written of maps in schema 1 grows with the run and not with its square", async () => {
  const { dir, mapChars } = await written(oneByOne(training(60)));
  const { length } = await readFile(join(dir, "r.map.json"), "utf8");
  expect(mapChars).toBeLessThan(20 * length);
});

test("a map in schema 1 that has become too large is given up, and said so once; all else goes on", async () => {
  const { dir, said } = await written(oneByOne(training(10)), { maxMapBytes: 2000 });
  expect((await readdir(dir)).sort()).toEqual(["cursor.json", "r.jsonl", "r.map2", "r.map2.json"]);
  expect(said).toEqual([expect.stringContaining("hivewatch runs export r --map1")]);
  expect((await readFile(join(dir, "r.jsonl"), "utf8")).trimEnd().split("\n")).toHaveLength(training(10).length);
});

test("a round's end has its clients up to a number of them", async () => {
  const lines = async (clients: number): Promise<string[]> => {
    const end = training(1).filter((event) => event.event_type === "round_end");
    const { dir } = await written(atOnce([...updates(clients).map((event) => ({ ...event, round: 0 })), ...end]));
    return (await readFile(join(dir, "r.jsonl"), "utf8")).trimEnd().split("\n");
  };
  expect(JSON.parse((await lines(500)).at(-1) ?? "").clients).toHaveLength(500);
  const large = JSON.parse((await lines(501)).at(-1) ?? "");
  expect(large).toMatchObject({ clients: [], round_metrics: { num_completed: 501 } });
});
