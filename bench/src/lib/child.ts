import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { newFolder, remember } from "./left-over.ts";

/** A program that was started. */
export interface Child {
  /** Its next line on standard output, which is one of JSON. */
  next(): Promise<Record<string, unknown>>;
  /** Writes a line to its standard input. */
  say(line: string): void;
  /** Sends a message to a Node program, and waits for the answer. */
  ask(question: string): Promise<Record<string, unknown>>;
  /** Ends it at once: what it would still do is not measured. */
  stop(): Promise<void>;
}

export interface ChildOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it is a Node program that can be asked. */
  readonly ipc?: boolean;
}

/** Starts a program. What it writes to standard error is shown if it fails. */
export function startChild(command: string, args: readonly string[], options: ChildOptions = {}): Child {
  const { env, ipc = false } = options;
  const child = spawn(command, args, {
    env: { ...plainEnvironment(), HIVEWATCH_SPOOL_DIR: newFolder(), ...env },
    stdio: ipc ? ["pipe", "pipe", "pipe", "ipc"] : ["pipe", "pipe", "pipe"],
  });
  remember(child);
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new Error("a piped child has its pipes");
  let complaints = "";
  stderr.setEncoding("utf8").on("data", (text: string) => {
    complaints = (complaints + text).slice(-4000);
  });
  const failed = new Promise<never>((_, reject) => {
    const fail = (how: string): void =>
      reject(new Error(`${[command, ...args].join(" ")} ended (${how}):\n${complaints}`));
    child.on("error", (error) => fail(error.message));
    child.on("close", (code, signal) => fail(String(code ?? signal)));
  });
  failed.catch(() => undefined);
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  return {
    async next() {
      const line = await Promise.race([lines.next(), failed]);
      if (line.done === true) return failed;
      return fieldsOf(JSON.parse(line.value));
    },
    say: (line) => void stdin.write(`${line}\n`),
    ask: (question) => Promise.race([ask(child, question), failed]),
    async stop() {
      child.kill("SIGKILL");
      await failed.catch(() => undefined);
    },
  };
}

function ask(child: ChildProcess, question: string): Promise<Record<string, unknown>> {
  return new Promise((resolve) => {
    child.once("message", (answer) => resolve(fieldsOf(answer)));
    child.send(question);
  });
}

/** Takes a value that must be an object. */
function fieldsOf(value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null) return { ...value };
  throw new Error(`expected an object, got ${JSON.stringify(value)}`);
}

/** Takes a number out of what a child has said. */
export function numberIn(fields: Record<string, unknown>, name: string): number {
  const value = fields[name];
  if (typeof value === "number") return value;
  throw new Error(`expected a number as ${name}, got ${JSON.stringify(value)}`);
}

/** Takes numbers out of what a child has said. */
export function numbersIn(fields: Record<string, unknown>, name: string): number[] {
  const values = fields[name];
  if (Array.isArray(values) && values.every((value) => typeof value === "number")) return values;
  throw new Error(`expected numbers as ${name}, got ${JSON.stringify(values)}`);
}

/** Takes a text out of what a child has said. */
export function textIn(fields: Record<string, unknown>, name: string): string {
  const value = fields[name];
  if (typeof value === "string") return value;
  throw new Error(`expected a text as ${name}, got ${JSON.stringify(value)}`);
}

/** Without what this machine's user has set for HiveWatch. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("HIVEWATCH_")));
}
