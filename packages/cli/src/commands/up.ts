import { access, constants, mkdir } from "node:fs/promises";
import { type Bridge, startBridge } from "@hivewatch/bridge";
import { errorMessage, HiveWatchError } from "@hivewatch/core";
import { type MapServer, startMapServer } from "@hivewatch/map-server";
import { openRunStore } from "@hivewatch/runs";
import { Command } from "commander";
import { listenOnFreePort } from "../listen.ts";
import { allowHostOption, checkHost, hostOption, insecureOption, portNumber, runsDirOption } from "../options.ts";
import { runDemo } from "../run-demo.ts";
import { shutdownSignal, whenAborted } from "../shutdown.ts";

/** Where programs look for the bridge if they are told nothing. */
const DEFAULT_GRPC_PORT = 7071;

interface UpFlags {
  runsDir: string;
  host: string;
  port: number;
  grpcPort: number;
  json?: boolean;
  demo?: boolean;
  insecure?: boolean;
  allowHost: string[];
}

/** `hivewatch up`. */
export function upCommand(): Command {
  return new Command("up")
    .description("Start the bridge, which takes events, and the page that shows them.")
    .addOption(runsDirOption())
    .addOption(hostOption())
    .option("--port <port>", "port of the page; 0: the system chooses", portNumber, 7070)
    .option("--grpc-port <port>", "port of the bridge; 0: the system chooses", portNumber, DEFAULT_GRPC_PORT)
    .option("--json", "say where they listen as one line of JSON on standard output")
    .option("--demo", "play the demo as well, to have something to look at")
    .addOption(insecureOption())
    .addOption(allowHostOption())
    .action(up);
}

async function up(flags: UpFlags): Promise<void> {
  const say = (message: string): void => console.error(message);
  checkHost(flags.host, flags.insecure, say);
  const signal = shutdownSignal();
  const { host } = flags;
  await checkWritable(flags.runsDir);
  const store = openRunStore({ dir: flags.runsDir, onDiagnostic: say });
  const bridge = await listenOnFreePort(
    "the bridge",
    flags.grpcPort,
    (port) => startBridge({ store, host, port, onDiagnostic: say }),
    say,
  );
  const server = await listenOnFreePort(
    "the page",
    flags.port,
    (port) => startMapServer({ store, host, port, allowHosts: flags.allowHost, onDiagnostic: say }),
    say,
  ).catch(async (error: unknown) => {
    await bridge.close();
    throw error;
  });
  announce(flags, server, bridge);
  const demo = flags.demo === true ? playDemo(bridge, server, signal, say) : undefined;
  await whenAborted(signal);
  await demo;
  await bridge.close();
  await server.close();
}

/** @throws HiveWatchError `unavailable`, now and not when the first run comes */
async function checkWritable(dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true });
    await access(dir, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new HiveWatchError(
      "unavailable",
      `runs can't be kept in ${dir}: ${errorMessage(cause)}. Choose another folder with --runs-dir or HIVEWATCH_RUNS_DIR`,
      { cause },
    );
  }
}

function announce(flags: UpFlags, server: MapServer, bridge: Bridge): void {
  if (flags.json === true) {
    console.log(JSON.stringify({ event: "ready", http: server.url, grpc: bridge.address }));
    return;
  }
  console.log(`
  HiveWatch is up.

    Page     ${server.url}
    Bridge   ${bridge.address}${bridge.port === DEFAULT_GRPC_PORT ? "" : `   (for your training: HIVEWATCH_ENDPOINT=${bridge.address})`}
    Runs in  ${flags.runsDir}

  Ctrl-C stops it.
`);
}

async function playDemo(
  bridge: Bridge,
  server: MapServer,
  signal: AbortSignal,
  say: (message: string) => void,
): Promise<void> {
  say(`A demo is playing: a real training, over invented clinics. Watch it at ${server.url}\n`);
  try {
    await runDemo({ endpoint: bridge.address, signal, print: say });
    if (!signal.aborted) say(`The demo is over. It can still be looked at, at ${server.url}`);
  } catch (error) {
    say(`The demo failed: ${String(error)}`);
  }
}
