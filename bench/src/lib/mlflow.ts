import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { demand } from "../bench.ts";
import { startChild } from "./child.ts";
import { newFolder } from "./left-over.ts";
import { findMlflow } from "./pythons.ts";

/** An MLflow server with one worker, and its own default store. */
export interface Mlflow {
  readonly url: string;
  stop(): Promise<void>;
}

const ENV = { MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false", MLFLOW_DISABLE_TELEMETRY: "true" };
/** Ends its workers too, when it is killed. */
const TOGETHER = 'cd "$1"; shift; exec 3<&0; "$@" >&2 & child=$!; (cat <&3 >/dev/null; kill "$child") & wait "$child"';

export async function startMlflow(): Promise<Mlflow> {
  const command = join(dirname(findMlflow()), "mlflow");
  const port = await freePort();
  const listen = ["--host", "127.0.0.1", "--port", String(port), "--workers", "1"];
  const child = startChild("sh", ["-c", TOGETHER, "sh", newFolder(), command, "server", ...listen], { env: ENV });
  const url = `http://127.0.0.1:${port}`;
  const failed = child.next();
  while (!(await isUp(url))) await Promise.race([failed, sleep(200)]);
  failed.catch(() => undefined);
  return { url, stop: child.stop };
}

async function isUp(url: string): Promise<boolean> {
  return fetch(`${url}/health`, { headers: { connection: "close" } }).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  demand(typeof address === "object" && address !== null, "there is no free port");
  return address.port;
}

/** Asks MLflow's API. */
export async function askMlflow(url: string, path: string, body: string): Promise<unknown> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${url}/api/2.0/mlflow/${path}`, { method: "POST", headers, body });
  const text = await response.text();
  demand(response.ok, `${path}: HTTP ${response.status}: ${text}`);
  return JSON.parse(text);
}
