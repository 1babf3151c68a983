import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { demand } from "../bench.ts";
import { type Child, numberIn, startChild, textIn } from "./child.ts";
import { newFolder } from "./left-over.ts";

/** What a server has used. */
export interface Usage {
  /** User and system time since it began, in microseconds. */
  readonly cpuMicros: number;
  readonly rssBytes: number;
}

/** A server in a process of its own. */
export interface Server {
  /** `host:port` of its gRPC. */
  readonly address: string;
  /** The folder that it writes to. */
  readonly folder: string;
  usage(): Promise<Usage>;
  stop(): Promise<void>;
}

/** A `hivewatch up`. */
export interface Hivewatch extends Server {
  /** `http://host:port` of its page. */
  readonly http: string;
}

/** What stands for a live stream. */
export interface SseFloor extends Omit<Hivewatch, "address"> {
  /** Has it send its events. */
  begin(): void;
}

const inDist = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const COMMAND = fileURLToPath(new URL("../../../packages/cli/dist/main.js", import.meta.url));

/** Starts the command as users start it. @param more - further arguments */
export async function startHivewatch(
  more: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Hivewatch> {
  demand(existsSync(COMMAND), "the hivewatch command has not been built: run `pnpm build`");
  const folder = newFolder();
  const args = ["up", "--json", "--port", "0", "--grpc-port", "0", "--runs-dir", folder, ...more];
  const { ready, ...server } = await startServer(COMMAND, args, folder, env);
  return { ...server, http: textIn(ready, "http") };
}

/** Starts the least that a bridge could be. */
export function startFloor(): Promise<Server> {
  const folder = newFolder();
  return startServer(inDist("programs/grpc-floor.js"), [folder], folder);
}

/** Starts the bridge without its readers. */
export function startBridgeWithoutFiles(): Promise<Server> {
  const folder = newFolder();
  return startServer(inDist("programs/bridge-without-files.js"), [folder], folder);
}

/** Starts the least that a live stream could be. */
export async function startSseFloor(rate: number, events: number): Promise<SseFloor> {
  const args = [String(rate), String(events)];
  const { ready, child, ...server } = await startServer(inDist("programs/sse-floor.js"), args, newFolder());
  return { ...server, http: textIn(ready, "http"), begin: () => child.say("begin") };
}

async function startServer(
  program: string,
  args: readonly string[],
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Server & { child: Child; ready: Record<string, unknown> }> {
  const child = startChild(process.execPath, ["--import", inDist("programs/probe.js"), program, ...args], {
    ipc: true,
    env,
  });
  const ready = await child.next();
  return {
    child,
    ready,
    address: textIn(ready, "grpc"),
    folder,
    async usage() {
      const answer = await child.ask("usage");
      return { cpuMicros: numberIn(answer, "cpuMicros"), rssBytes: numberIn(answer, "rssBytes") };
    },
    stop: child.stop,
  };
}
