import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { demand } from "../bench.ts";
import { encodedBatches, METRICS, type Payload } from "./batches.ts";
import { type Child, numberIn, startChild } from "./child.ts";
import { newFolder } from "./left-over.ts";
import { findPython, findReference, pythonEnvironment, pythonProgram } from "./pythons.ts";

/** Starts a program of `bench/python` with our package, which waits for {@link go}. */
export function startPython(program: string, endpoint: string, ...args: readonly string[]): Promise<Child> {
  return start(findPython(), program, args, { ...pythonEnvironment(), HIVEWATCH_ENDPOINT: endpoint });
}

/** The same with Python hivewatch. */
export function startReference(program: string, ...args: readonly string[]): Promise<Child> {
  return start(findReference(), program, args, {});
}

async function start(
  python: string,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Child> {
  const child = startChild(python, [pythonProgram(program), METRICS.join(","), ...args], { env });
  await child.next(); // ready
  return child;
}

/** Has it begin, and waits for what it says at its end: that everything is on disk, or this fails. */
export async function go(child: Child): Promise<Record<string, unknown>> {
  const said = await begin(child);
  demand(said.durable !== false, "not everything that was logged came to be on disk");
  return said;
}

/** The same for a program that may lose something, and tells how much. */
export function begin(child: Child): Promise<Record<string, unknown>> {
  child.say("go");
  return child.next();
}

/** Sends encoded batches to the floor, as a Python process does, and returns the seconds until all are acknowledged. */
export async function sendEncoded(address: string, payloads: readonly Payload[], batches: number): Promise<number> {
  const file = join(newFolder(), "batches");
  const parts = Array.from(encodedBatches("floor", payloads), withLength);
  writeFileSync(file, Buffer.concat(parts));
  const said = await go(await startPython("send_encoded.py", address, address, file, String(batches)));
  demand(numberIn(said, "acks") === batches, `${said.acks} of ${batches} batches were acknowledged`);
  return numberIn(said, "seconds");
}

function withLength(batch: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(batch.length);
  return Buffer.concat([length, batch]);
}
