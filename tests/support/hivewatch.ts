import { existsSync } from "node:fs";
import { fields } from "./json.ts";
import { type Exit, type Program, startProgram } from "./program.ts";
import { inRepository } from "./repository.ts";

/** A `hivewatch up` that runs. */
export interface Hivewatch {
  /** `http://127.0.0.1:…` */
  readonly http: string;
  /** `127.0.0.1:…` */
  readonly grpc: string;
  readonly runsDir: string;
  readonly program: Program;
  /** Ends it as Ctrl-C does. */
  stop(): Promise<Exit>;
  /** Ends it as a power cut does. */
  kill(): Promise<Exit>;
  /** Starts another one on the same ports and folder, once this one has ended. */
  restart(): Promise<Hivewatch>;
}

interface UpOptions {
  readonly runsDir: string;
  readonly args?: readonly string[];
  readonly port?: number;
  readonly grpcPort?: number;
}

/** Starts `hivewatch up`, and waits until it listens. */
export async function startHivewatch({ runsDir, args = [], port = 0, grpcPort = 0 }: UpOptions): Promise<Hivewatch> {
  const ports = ["--port", String(port), "--grpc-port", String(grpcPort)];
  const program = startCommand(["up", "--json", ...ports, "--runs-dir", runsDir, ...args]);
  const [line] = await program.printed(/^\{"event":"ready".*$/m);
  const { http, grpc } = fields(JSON.parse(line));
  if (typeof http !== "string" || typeof grpc !== "string") throw new Error(`not what it should say: ${line}`);
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
    restart: () => startHivewatch({ runsDir, args, port: portOf(http), grpcPort: portOf(grpc) }),
  };
}

/** Starts `hivewatch map run`, and returns where its page is. */
export async function startMap(runsDir: string, ...args: string[]): Promise<string> {
  const program = startCommand(["map", "run", "--port", "0", "--runs-dir", runsDir, ...args]);
  const [, url = ""] = await program.printed(/at (http:\S+)/);
  return url;
}

/** Starts the `hivewatch` command of this checkout. */
function startCommand(args: readonly string[]): Program {
  const command = inRepository("packages/cli/dist/main.js");
  if (!existsSync(command)) throw new Error("the hivewatch command has not been built: run `pnpm build`");
  return startProgram(process.execPath, [command, ...args]);
}

function portOf(address: string): number {
  return Number(address.split(":").at(-1));
}
