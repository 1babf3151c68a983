import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@hivewatch/test-support";
import { beforeEach, expect, test, vi } from "vitest";
import { writeArtifacts } from "../src/artifacts.ts";
import { writeFileAtomic } from "../src/atomic-file.ts";
import type { LogEntry, ReadStep } from "../src/read-entries.ts";
import { training } from "./support/training.ts";

vi.mock("../src/atomic-file.ts", async (importActual) => {
  const actual = await importActual<typeof import("../src/atomic-file.ts")>();
  return { writeFileAtomic: vi.fn(actual.writeFileAtomic) };
});

beforeEach(() => void vi.mocked(writeFileAtomic).mockClear());

/** A run of which each event comes by itself, as a slow training's do. */
function* oneByOne(rounds: number): Generator<ReadStep> {
  for (const [i, event] of training(rounds).entries()) yield { entries: [{ position: i + 1, event }], atEnd: false };
}

function* atOnce(rounds: number): Generator<ReadStep> {
  const entries: LogEntry[] = training(rounds).map((event, i) => ({ position: i + 1, event }));
  yield { entries, atEnd: false };
}

async function* asSteps(steps: Iterable<ReadStep>): AsyncGenerator<ReadStep> {
  yield* steps;
}

async function mapWrites(
  steps: Iterable<ReadStep>,
  maxMapChars?: number,
): Promise<{ writes: number; dir: string; said: string[] }> {
  const dir = await temporaryFolder();
  const said: string[] = [];
  const paths = { jsonl: join(dir, "r.jsonl"), map: join(dir, "r.map.json"), cursor: join(dir, "cursor.json") };
  const onDiagnostic = (message: string): number => said.push(message);
  await writeArtifacts("r", paths, asSteps(steps), { isOwner: true, onDiagnostic, maxMapChars });
  const writes = vi.mocked(writeFileAtomic).mock.calls.filter(([path]) => path === paths.map).length;
  return { writes, dir, said };
}

test("the map is written once for each round and once at the end, not for each event", async () => {
  expect((await mapWrites(oneByOne(10))).writes).toBe(11);
});

test("the map of many rounds that are read at once is written once", async () => {
  expect((await mapWrites(atOnce(10))).writes).toBe(1);
});

test("a map that has become too large is given up, and said so once; the lines go on", async () => {
  const { dir, said } = await mapWrites(oneByOne(10), 2000);
  expect((await readdir(dir)).sort()).toEqual(["cursor.json", "r.jsonl"]);
  expect(said).toEqual([expect.stringContaining("too large")]);
  expect((await readFile(join(dir, "r.jsonl"), "utf8")).trimEnd().split("\n")).toHaveLength(training(10).length);
});
