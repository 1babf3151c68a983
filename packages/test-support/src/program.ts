import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterwards } from "./afterwards.ts";
import { inRepository } from "./repository.ts";
import { until } from "./until.ts";

/** How a program ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program that was started. It is killed after the test, if it still runs. */
export interface Program {
  /** The number of its process; undefined if it could not be started. */
  readonly pid: number | undefined;
  readonly exited: Promise<Exit>;
  /** What it has printed so far. */
  stdout(): string;
  stderr(): string;
  signal(name: NodeJS.Signals): void;
  /** Writes a line to its standard input. */
  say(line: string): void;
  /** Ends its standard input. */
  endInput(): void;
  /** Waits until its output matches; fails with all that it printed if it ends before. */
  printed(pattern: RegExp): Promise<RegExpMatchArray>;
}

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly cwd?: string | undefined;
}

/** Starts a program. */
export function startProgram(command: string, args: readonly string[], options: ProgramOptions = {}): Program {
  const { cwd = inRepository(), env } = options;
  // What a program can't send must not be found by the next one on this machine.
  const spools = mkdtempSync(join(tmpdir(), "hivewatch-spools-"));
  afterwards(() => rm(spools, { recursive: true, force: true, maxRetries: 5 }));
  const given = { ...plainEnvironment(), HIVEWATCH_SPOOL_DIR: spools, ...env };
  const child = spawn(command, args, { cwd, env: given, stdio: "pipe" });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  let ended = false;
  const exited = new Promise<Exit>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal }));
  }).finally(() => {
    ended = true;
  });
  // Who waits for it hears of a failed start; that nobody does must not end the test run.
  exited.catch(() => undefined);
  afterwards(() => stop(child, exited));
  return {
    pid: child.pid,
    exited,
    stdout,
    stderr,
    signal: (name) => void child.kill(name),
    say: (line) => void child.stdin.write(`${line}\n`),
    endInput: () => void child.stdin.end(),
    printed: (pattern) =>
      until(`${pattern} from ${command} ${args.join(" ")}`, () => {
        const match = stdout().match(pattern) ?? stderr().match(pattern);
        if (match === null && ended) throw new Error(`${command} ${args.join(" ")} ended:\n${stdout()}\n${stderr()}`);
        return match ?? undefined;
      }),
  };
}

/** Runs a program to its end, and returns what it printed. */
export async function runProgram(command: string, args: readonly string[], options?: ProgramOptions): Promise<string> {
  const program = startProgram(command, args, options);
  const { code, signal } = await program.exited;
  if (code === 0) return program.stdout();
  throw new Error(
    `${command} ${args.join(" ")} ended with ${code ?? signal}:\n${program.stdout()}\n${program.stderr()}`,
  );
}

async function stop(child: ChildProcess, exited: Promise<Exit>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  await exited.catch(() => undefined);
}

/** Without what this machine's user has set for HiveWatch, and for OpenTelemetry. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(HIVEWATCH|OTEL)_/.test(name)));
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = "";
  stream.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  return () => text;
}
