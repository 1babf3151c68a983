import { HiveWatchError, isRunId } from "@hivewatch/core";
import { openRunStore, replayRun } from "@hivewatch/runs";
import { Command, Option } from "commander";
import { findOneEmitter } from "../emitters/find-emitters.ts";
import { loadEmitter } from "../emitters/load-emitter.ts";
import { runsDirOption } from "../options.ts";
import { sayNowAndThen } from "../progress.ts";
import { shutdownSignal } from "../shutdown.ts";

interface ReplayFlags {
  runsDir: string;
  to: string;
  pace: "real" | "max";
  again?: boolean;
}

/** `hivewatch replay`. */
export function replayCommand(): Command {
  return new Command("replay")
    .description("Send a saved run to an emitter: what it has not been sent yet.")
    .argument("<run_id>", "the run, as hivewatch runs list shows it")
    .requiredOption("--to <name>", "where: mlflow, otel, a package or a path, as with hivewatch up --emit")
    .addOption(runsDirOption())
    .addOption(
      new Option("--pace <pace>", "real: in the time that the run took; max: as fast as it goes")
        .choices(["real", "max"])
        .default("max"),
    )
    .option("--again", "send all of it, also what was sent before")
    .addHelpText(
      "after",
      `
It can be broken off with Ctrl-C, and goes on from there the next time. The runs of Python hivewatch can be sent as well.

  MLFLOW_TRACKING_URI=http://127.0.0.1:5000 hivewatch replay run-abcd-1234 --to mlflow`,
    )
    .action(replay);
}

async function replay(runId: string, { runsDir, to, pace, again }: ReplayFlags): Promise<void> {
  if (!isRunId(runId)) throw new HiveWatchError("invalid_run_id", `${JSON.stringify(runId)} is not the id of a run`);
  const signal = shutdownSignal();
  const module = await findOneEmitter(to, process.cwd());
  const emitter = await loadEmitter(module);
  const tell = sayNowAndThen(say);
  const { events, isComplete } = await replayRun(openRunStore({ dir: runsDir, onDiagnostic: say }), runId, {
    reader: module.reader,
    open: () => emitter.ofRun({ runId, say }),
    pace,
    again,
    signal,
    onProgress: (progress) =>
      tell(() => `${Math.floor(100 * progress.share)} %: ${progress.events} events of ${runId} sent to ${to}`),
    onDiagnostic: say,
  });
  await emitter.finish();
  conclude(runId, to, { events, isComplete });
  // An emitter may have left something open.
  process.exit();
}

function conclude(runId: string, to: string, { events, isComplete }: { events: number; isComplete: boolean }): void {
  if (!isComplete) {
    say(`Broken off after ${events} events. The same command goes on from there.`);
    process.exitCode = 1;
  } else if (events === 0) {
    say(`${to} has all of ${runId} already. To send it anew: add --again`);
  } else {
    say(`${events} events of ${runId} sent to ${to}.`);
  }
}

function say(message: string): void {
  console.error(message);
}
