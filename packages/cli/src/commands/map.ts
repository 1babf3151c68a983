import { HiveWatchError } from "@hivewatch/core";
import type { RunStore } from "@hivewatch/runs";
import { Command } from "commander";
import { listenOnFreePort } from "../listen.ts";
import {
  allowEmbedOption,
  allowHostOption,
  checkHost,
  hostOption,
  insecureOption,
  portNumber,
  runsDirOption,
  seconds,
} from "../options.ts";
import { shutdownSignal, whenAborted } from "../shutdown.ts";

interface MapFlags {
  runsDir: string;
  host: string;
  port: number;
  runId?: string;
  pollInterval: number;
  insecure?: boolean;
  allowHost: string[];
  allowEmbed: string[];
}

/** `hivewatch map run`. */
export function mapCommand(): Command {
  const run = new Command("run")
    .description("Show the runs in a folder, saved ones and those that another program is writing.")
    .addOption(runsDirOption())
    .addOption(hostOption())
    .option("--port <port>", "port of the page; 0: the system chooses", portNumber, 7070)
    .option("--run-id <id>", "show this run alone")
    .option("--poll-interval <seconds>", "how often to look for news of other programs", seconds, 1)
    .addOption(insecureOption())
    .addOption(allowHostOption())
    .addOption(allowEmbedOption())
    .action(serve);
  return new Command("map").description("The viewer alone, without the bridge.").addCommand(run);
}

async function serve(flags: MapFlags): Promise<void> {
  const say = (message: string): void => console.error(message);
  checkHost(flags.host, flags.insecure, say);
  const [{ openRunStore }, { startMapServer }] = await Promise.all([
    import("@hivewatch/runs"),
    import("@hivewatch/map-server"),
  ]);
  const store = openRunStore({ dir: flags.runsDir, pollIntervalMs: flags.pollInterval * 1000, onDiagnostic: say });
  const runId = flags.runId?.replace(/\.(jsonl|map\.json)$/, "");
  if (runId !== undefined) await checkRunExists(store, runId);
  const signal = shutdownSignal();
  const start = (port: number) =>
    startMapServer({
      store,
      host: flags.host,
      port,
      runId,
      allowHosts: flags.allowHost,
      allowEmbed: flags.allowEmbed,
      onDiagnostic: say,
    });
  const server = await listenOnFreePort("the page", flags.port, start, say);
  console.log(`HiveWatch shows ${runId ?? `the runs in ${flags.runsDir}`} at ${server.url} (Ctrl-C to stop)`);
  await whenAborted(signal);
  await server.close();
}

async function checkRunExists(store: RunStore, runId: string): Promise<void> {
  const ids = (await store.list()).map((run) => run.run_id);
  if (ids.includes(runId)) return;
  const there = ids.length === 0 ? "it holds no runs" : `it holds ${ids.slice(0, 10).join(", ")}`;
  throw new HiveWatchError("not_found", `there is no run ${runId} in ${store.dir}: ${there}`);
}
