import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";
import { until } from "./until.ts";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A `hivewatch` command that runs as a process of its own. */
export interface Hivewatch {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: Promise<Exit>;
  /** Waits for the line of `--json`. */
  ready(): Promise<Ready>;
  /** Waits until it has said so. */
  says(text: string): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

export interface Ready {
  readonly http: string;
  readonly grpc: string;
}

/** Starts the built command in an empty folder, and without the settings of whoever runs the tests. */
export async function hivewatch(args: readonly string[], env: Record<string, string> = {}): Promise<Hivewatch> {
  if (!existsSync(MAIN)) throw new Error("the command has not been built: run `pnpm build` first");
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("HIVEWATCH_"));
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: await temporaryFolder(),
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => {
    said.stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    said.stderr += chunk;
  });
  let over = false;
  const exit = new Promise<Exit>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      over = true;
      resolve({ code, signal });
    });
  });
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exit;
  });

  async function waitFor<T>(what: string, find: () => T | undefined): Promise<T> {
    let found: T | undefined;
    await until(() => {
      found = find();
      return found !== undefined || over;
    });
    if (found === undefined) throw new Error(`it ended without ${what}:\n${said.stdout}\n${said.stderr}`);
    return found;
  }

  return {
    get stdout() {
      return said.stdout;
    },
    get stderr() {
      return said.stderr;
    },
    exit,
    ready: () => waitFor("being ready", () => readyLine(said.stdout)),
    says: async (text) =>
      void (await waitFor(`saying "${text}"`, () => (said.stdout + said.stderr).includes(text) || undefined)),
    kill: (signal) => void child.kill(signal),
  };
}

function readyLine(stdout: string): Ready | undefined {
  if (!stdout.includes("\n")) return undefined;
  const { event, http, grpc } = JSON.parse(stdout);
  return event === "ready" ? { http, grpc } : undefined;
}

/** Starts `hivewatch up` on ports that the system chooses. */
export async function up(runsDir: string, ...args: string[]): Promise<Hivewatch & Ready> {
  const started = await hivewatch(["up", "--json", "--port", "0", "--grpc-port", "0", "--runs-dir", runsDir, ...args]);
  return Object.assign(started, await started.ready());
}

/** Runs a command to its end. */
export async function run(
  args: readonly string[],
  env?: Record<string, string>,
): Promise<Exit & Pick<Hivewatch, "stdout" | "stderr">> {
  const started = await hivewatch(args, env);
  const exit = await started.exit;
  return { ...exit, stdout: started.stdout, stderr: started.stderr };
}
