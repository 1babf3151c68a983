import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MENDED_BY_A_PERSON_MS, RequestFailure } from "./failure.ts";

/** An MLflow server of our own, on this machine, with MLflow's own default store in the current folder. */
export interface LocalServer {
  readonly url: URL;
  /**
   * Waits until it answers; starts it (again) if it doesn't run.
   *
   * @throws RequestFailure
   */
  ready(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

const ASK_AGAIN_MS = 200;

/** @returns the path of the `mlflow` command that a shell would run; undefined if there is none */
export function findMlflow(path: string | undefined): string | undefined {
  const names = process.platform === "win32" ? ["mlflow.exe", "mlflow.cmd"] : ["mlflow"];
  const candidates = (path ?? "").split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  return candidates.find((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** @param say - told where its page is, once it is there */
export async function prepareLocalServer(command: string, say: (message: string) => void): Promise<LocalServer> {
  const url = new URL(`http://127.0.0.1:${await freePort()}/`);
  let running: ChildProcess | undefined;
  let isUp = false;
  let output = "";

  function start(): ChildProcess {
    const child = spawnTogether(command, ["server", "--host", url.hostname, "--port", url.port, "--workers", "1"]);
    output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        output = (output + text).slice(-2000);
      });
    }
    child.on("error", (error) => {
      output += error.message;
      if (running === child) running = undefined;
    });
    child.on("exit", () => {
      if (running === child) running = undefined;
    });
    return child;
  }

  async function waitUntilUp(signal: AbortSignal): Promise<void> {
    while (!(await answers(url))) {
      if (running === undefined) {
        const why = output.trim().split("\n").at(-1) ?? "";
        throw new RequestFailure(`mlflow server has ended: ${why}`, { afterMs: MENDED_BY_A_PERSON_MS });
      }
      if (signal.aborted) throw new RequestFailure("mlflow server has not started yet");
      await sleep(ASK_AGAIN_MS);
    }
  }

  return {
    url,
    async ready(signal) {
      if (running !== undefined && isUp) return;
      if (running === undefined) {
        isUp = false;
        running = start();
      }
      await waitUntilUp(signal);
      if (!isUp) say(`MLflow's page is at ${url.href}, its store in ${process.cwd()}`);
      isUp = true;
    },
    async stop() {
      const child = running;
      running = undefined;
      if (child === undefined) return;
      const ended = new Promise((resolve) => child.once("exit", resolve));
      // On Windows its input means nothing to it.
      if (process.platform === "win32") child.kill();
      child.stdin?.end();
      await ended;
    },
  };
}

/**
 * Starts a program that ends when its input does, and so with this process, however that ends. It has a process group of its
 * own: Ctrl-C is for us, who have something to send yet.
 */
function spawnTogether(command: string, args: readonly string[]): ChildProcess {
  // What runs jobs takes 8 more processes, and no run needs it.
  const env = { MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false", ...process.env };
  if (process.platform === "win32") return spawn(command, args, { env, stdio: "pipe" });
  // The whole group: the server of MLflow 2 leaves its workers when it is ended.
  // It takes a while to end, and the shell, which is told as well, waits for it.
  const script = 'trap : TERM; exec 3<&0; "$@" & child=$!; (cat <&3 >/dev/null; kill 0) & wait "$child"; wait "$child"';
  return spawn("sh", ["-c", script, "sh", command, ...args], { env, stdio: "pipe", detached: true });
}

async function answers(url: URL): Promise<boolean> {
  return fetch(new URL("health", url), { headers: { connection: "close" } }).then(
    ({ ok }) => ok,
    () => false,
  );
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
