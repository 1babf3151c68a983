import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Fields, inRepository, type Program } from "@hivewatch/test-support";
import { expect, type TestContext } from "vitest";
import { readLines } from "./json.ts";
import { needLoopbackOnly } from "./loopback-only.ts";

/** A program that has trained under Flower. */
export interface Trained {
  readonly program: Program;
  /** What the files of its only run say. */
  readonly events: readonly Fields[];
}

/** Runs a program of `tests/python` on a network that has only loopback, and reads what HiveWatch has seen. */
export async function trainWithFlower(
  context: TestContext,
  python: string,
  script: string,
  ...args: readonly string[]
): Promise<Trained> {
  const inside = await needLoopbackOnly(context);
  const program = inside.start(python, [inRepository("tests/python", script), ...args], {
    HIVEWATCH_ENDPOINT: inside.grpc,
    PYTHONPATH: inRepository("python/src"),
    PYTHONUNBUFFERED: "1",
  });
  await program.exited;
  await inside.stop();
  const files = (await readdir(inside.runsDir)).filter((name) => name.endsWith(".jsonl"));
  expect(files, `${program.stdout()}\n${program.stderr()}`).toHaveLength(1);
  return { program, events: await readLines(join(inside.runsDir, files[0] ?? "")) };
}

/** The events of a type. */
export function of(events: readonly Fields[], type: string): Fields[] {
  return events.filter(({ event_type }) => event_type === type);
}
