import { existsSync } from "node:fs";
import { fields } from "./fields.ts";
import { type Exit, type Program, startProgram } from "./program.ts";
import { inRepository } from "./repository.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** Where a `hivewatch up` listens. */
export interface Addresses {
  /** `http://127.0.0.1:…` */
  readonly http: string;
  /** `127.0.0.1:…` */
  readonly grpc: string;
}

/** A `hivewatch up` that runs. */
export interface Hivewatch extends Addresses {
  readonly runsDir: string;
  readonly program: Program;
  /** Ends it as Ctrl-C does. */
  stop(): Promise<Exit>;
  /** Ends it as a power cut does. */
  kill(): Promise<Exit>;
  /** Starts another one on the same ports and folder, once this one has ended. */
  restart(): Promise<Hivewatch>;
}

export interface UpOptions {
  readonly runsDir: string;
  readonly args?: readonly string[];
  readonly port?: number;
  readonly grpcPort?: number;
  /** The folder where it is started. Default: an empty one. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts `hivewatch up`, and waits until it listens. */
export async function startHivewatch(options: UpOptions): Promise<Hivewatch> {
  const { runsDir, args = [], port = 0, grpcPort = 0, cwd, env } = options;
  const ports = ["--port", String(port), "--grpc-port", String(grpcPort)];
  const program = await startCommand(["up", "--json", ...ports, "--runs-dir", runsDir, ...args], env, cwd);
  const { http, grpc } = await addressesOf(program);
  const end = (signal: NodeJS.Signals): Promise<Exit> => {
    program.signal(signal);
    return program.exited;
  };
  return {
    http,
    grpc,
    runsDir,
    program,
    stop: () => end("SIGINT"),
    kill: () => end("SIGKILL"),
    restart: () => startHivewatch({ ...options, port: portOf(http), grpcPort: portOf(grpc) }),
  };
}

/** Waits until a `hivewatch up --json` listens: it says so in its first line. */
export async function addressesOf(program: Program): Promise<Addresses> {
  const [, line = ""] = await program.printed(/^(\{"event":"ready",.*\})\n/);
  const { http, grpc } = fields(JSON.parse(line));
  if (typeof http !== "string" || typeof grpc !== "string") throw new Error(`not what it should say: ${line}`);
  return { http, grpc };
}

/** Starts `hivewatch map run`, and returns where its page is. */
export async function startMap(runsDir: string, ...args: string[]): Promise<string> {
  const program = await startCommand(["map", "run", "--port", "0", "--runs-dir", runsDir, ...args]);
  const [, url = ""] = await program.printed(/at (http:\S+)/);
  return url;
}

/** What a command did that has ended. */
export interface Ended extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a `hivewatch` command to its end, be it a good or a bad one. */
export async function runCommand(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended> {
  const program = await startCommand(args, env);
  const exit = await program.exited;
  return { ...exit, stdout: program.stdout(), stderr: program.stderr() };
}

/** Starts the `hivewatch` command that was built in this checkout, in an empty folder if not told otherwise. */
export async function startCommand(
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
  cwd?: string,
): Promise<Program> {
  const command = inRepository("packages/cli/dist/main.js");
  if (!existsSync(command)) throw new Error("the hivewatch command has not been built: run `pnpm build`");
  return startProgram(process.execPath, [command, ...args], { cwd: cwd ?? (await temporaryFolder()), env });
}

function portOf(address: string): number {
  return Number(address.split(":").at(-1));
}
