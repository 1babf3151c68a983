import { access, constants, mkdir } from "node:fs/promises";
import { errorMessage, HiveWatchError } from "@hivewatch/core";
import type { Durability } from "@hivewatch/runs";
import { Command, Option } from "commander";
import { findEmitters } from "../emitters/find-emitters.ts";
import { createHealthBoard } from "../health/health-board.ts";
import {
  allowEmbedOption,
  allowHostOption,
  checkHost,
  hostOption,
  insecureOption,
  isLoopback,
  portNumber,
  runsDirOption,
  wholeNumber,
} from "../options.ts";
import { shutdownSignal, whenAborted } from "../shutdown.ts";
import { exportHealth } from "../threads/export-health.ts";
import type { IngestReady } from "../threads/ingest-thread.ts";
import type { PageReady } from "../threads/page-thread.ts";
import { shareHealth } from "../threads/share-health.ts";
import { startIngest } from "../threads/start-ingest.ts";
import { startReaders } from "../threads/start-readers.ts";

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
  allowEmbed: string[];
  emit: string[];
  clientEmitters?: boolean;
  durability: Durability;
  keepLogs?: number;
}

/** `hivewatch up`. */
export function upCommand(): Command {
  return new Command("up")
    .description("Start the bridge, which takes events, and the page that shows them.")
    .addOption(runsDirOption())
    .addOption(hostOption())
    .option("--port <port>", "port of the page; 0: the system chooses", portNumber, 7070)
    .option("--grpc-port <port>", "port of the bridge; 0: the system chooses", portNumber, DEFAULT_GRPC_PORT)
    .addOption(emitOption())
    .option(
      "--client-emitters",
      "run the emitters of ours that programs declare for their runs (default: if only this machine can reach the bridge)",
    )
    .option("--no-client-emitters", "don't; they are told what to do instead")
    .addOption(durabilityOption())
    .option(
      "--keep-logs <days>",
      "remove the log of a run so many days after its end, once its files are written and all emitters have it; the files stay (default: keep logs for ever)",
      wholeNumber(0),
    )
    .option("--json", "say where they listen as one line of JSON on standard output")
    .option("--demo", "play the demo as well, to have something to look at")
    .addOption(insecureOption())
    .addOption(allowHostOption())
    .addOption(allowEmbedOption())
    .addHelpText("after", HELP)
    .action(up);
}

const HELP = `
Emitters take runs on to other places, each at its own pace and from where it was left, also after a restart:
  hivewatch up --emit mlflow                   a destination of ours, set up by its own environment variables
  hivewatch up --emit ./to-my-chat.mjs         a module whose default export is an emitter, or makes one for each run
  hivewatch up --emit mlflow --emit my-package several at once; one that hangs or fails is no matter to the others
What is always wanted goes into hivewatch.config.mjs (or .js, .json; .ts from Node 22.18 on) in the folder where it is started:
  export default { emitters: ["mlflow", "./to-my-chat.mjs"] };
How it is doing itself stands at /metrics of the page, for Prometheus, and goes to OpenTelemetry if OTEL_EXPORTER_OTLP_ENDPOINT is set.
`;

function emitOption(): Option {
  return new Option("--emit <name>", "also send runs there: mlflow, otel, a package or a path; repeatable")
    .argParser((name: string, names: string[]) => [...names, name])
    .default([], "none");
}

function durabilityOption(): Option {
  return new Option(
    "--durability <what>",
    "what an acknowledged event survives; commit: a loss of power; os: only the end of the process, and is quicker",
  )
    .choices(["commit", "os"])
    .default("commit");
}

async function up(flags: UpFlags): Promise<void> {
  const say = (message: string): void => console.error(message);
  checkHost(flags.host, flags.insecure, say);
  const signal = shutdownSignal();
  const emitters = await findEmitters(flags.emit, process.cwd());
  await checkWritable(flags.runsDir);
  const health = createHealthBoard();
  const ingest = await startIngest(
    { ...flags, clientEmitters: flags.clientEmitters ?? isLoopback(flags.host) },
    emitters.map(({ reader }) => reader),
    health.of("ingest"),
    say,
  );
  const threads = startReaders(flags, { subscribe: ingest.subscribe, emitters, health, say });
  const exported = exportHealth({ env: process.env, health, say });
  const sharing = shareHealth(health, [threads.page, ...exported]);
  try {
    const [page] = await Promise.all([threads.page.ready, ...threads.others.map((thread) => thread.ready)]);
    announce(flags, page, ingest);
    const demo = flags.demo === true ? playDemo(ingest, page, signal, say) : undefined;
    await Promise.race([whenAborted(signal), ingest.failed]);
    await demo;
  } finally {
    await ingest.close();
    await Promise.all([threads.page, ...threads.others].map((thread) => thread.close()));
    // Last, so that the last figures are exported too.
    sharing.stop();
    await Promise.all(exported.map((thread) => thread.close()));
  }
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

function announce(flags: UpFlags, page: PageReady, bridge: IngestReady): void {
  if (flags.json === true) {
    console.log(JSON.stringify({ event: "ready", http: page.url, grpc: bridge.address }));
    return;
  }
  console.log(`
  HiveWatch is up.

    Page     ${page.url}
    Bridge   ${bridge.address}${bridge.port === DEFAULT_GRPC_PORT ? "" : `   (for your training: HIVEWATCH_ENDPOINT=${bridge.address})`}
    Runs in  ${flags.runsDir}

  Ctrl-C stops it.
`);
}

async function playDemo(
  bridge: IngestReady,
  page: PageReady,
  signal: AbortSignal,
  say: (message: string) => void,
): Promise<void> {
  say(`A demo is playing: a real training, over invented clinics. Watch it at ${page.url}\n`);
  try {
    // What nobody needs without a demo isn't loaded: this thread stays small.
    const { runDemo } = await import("../run-demo.ts");
    await runDemo({ endpoint: bridge.address, signal, print: say });
    if (!signal.aborted) say(`The demo is over. It can still be looked at, at ${page.url}`);
  } catch (error) {
    say(`The demo failed: ${String(error)}`);
  }
}
