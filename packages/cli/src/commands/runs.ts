import { join } from "node:path";
import { HiveWatchError, isRunId, microsFromIso } from "@hivewatch/core";
import type { RunListing } from "@hivewatch/runs";
import { Command, Option } from "commander";
import { runsDirOption } from "../options.ts";
import { sayNowAndThen } from "../progress.ts";
import { shutdownSignal } from "../shutdown.ts";
import { table } from "../table.ts";

/** `hivewatch runs`. */
export function runsCommand(): Command {
  return new Command("runs")
    .description("Look at the runs in a folder, and make their files anew.")
    .addCommand(listCommand())
    .addCommand(exportCommand());
}

function listCommand(): Command {
  return new Command("list")
    .description("List the runs in a folder, the newest first.")
    .addOption(runsDirOption())
    .option("--json", "one JSON object a line, as the page gets them")
    .action(list);
}

async function list({ runsDir, json }: { runsDir: string; json?: boolean }): Promise<void> {
  const { openRunStore } = await import("@hivewatch/runs");
  const store = openRunStore({ dir: runsDir, onDiagnostic: say });
  const runs = await store.list();
  if (json === true) {
    for (const run of runs) console.log(JSON.stringify(run));
    return;
  }
  if (runs.length === 0) {
    say(`There are no runs in ${runsDir}.`);
    return;
  }
  const titles = ["RUN", "STATUS", "ROUNDS", "CLIENTS", "EVENTS", "ACCURACY", "LAST EVENT"];
  console.log(table([titles, ...runs.map(rowOf)]));
}

function rowOf(run: RunListing): string[] {
  const accuracy = run.global_accuracy === null ? "" : `${(run.global_accuracy * 100).toFixed(1)} %`;
  const counts = [run.num_rounds, run.num_clients, run.num_events].map(String);
  return [run.run_id, run.status, ...counts, accuracy, agoOf(run.last_event_at)];
}

function agoOf(time: string | null): string {
  const seconds = (Date.now() - microsFromIso(time ?? "") / 1000) / 1000;
  if (!(seconds >= 0)) return time ?? "";
  for (const [unit, length] of UNITS) if (seconds >= length) return `${Math.floor(seconds / length)} ${unit} ago`;
  return "just now";
}

const UNITS: readonly [unit: string, seconds: number][] = [
  ["d", 86_400],
  ["h", 3600],
  ["min", 60],
  ["s", 1],
];

interface ExportFlags {
  runsDir: string;
  out?: string;
  jsonl?: string | true;
  map?: string | true;
  map1?: string | true;
  from?: "log" | "jsonl";
  force?: boolean;
}

function exportCommand(): Command {
  return new Command("export")
    .description("Make a run's files anew, from its log or from its JSON lines.")
    .argument("<run_id>", "the run, as hivewatch runs list shows it")
    .addOption(runsDirOption())
    .option("--jsonl [file]", "the JSON lines, one event a line (<run_id>.jsonl)")
    .option("--map [file]", "the map in schema 2, a head and its frames (<run_id>.map2.json and <run_id>.map2)")
    .option("--map1 [file]", "the map in schema 1, as Python hivewatch has it, however large (<run_id>.map.json)")
    .option("--out <folder>", "where files go that have no name given (default: this folder)")
    .addOption(
      new Option("--from <source>", "what to read (default: the log, if there is one)").choices(["log", "jsonl"]),
    )
    .option("--force", "replace files that are there")
    .addHelpText(
      "after",
      `
Without --jsonl, --map and --map1, the lines and the map in schema 2 are made. Files appear when they are whole, or not
at all. The runs of Python hivewatch, of which there are lines alone, can be read as well.

  hivewatch runs export run-abcd-1234 --out copy              lines and map, in the folder copy
  hivewatch runs export run-abcd-1234 --map --out runs        a map for a run of Python hivewatch, for the page to load
  hivewatch runs export run-abcd-1234 --map1 big.map.json     a map in schema 1 that was too large to be kept
  hivewatch runs export run-abcd-1234 --jsonl --force --out runs   lines that were damaged, from the log`,
    )
    .action(exportFiles);
}

async function exportFiles(runId: string, flags: ExportFlags): Promise<void> {
  if (!isRunId(runId)) throw new HiveWatchError("invalid_run_id", `${JSON.stringify(runId)} is not the id of a run`);
  const { runsDir, out = ".", jsonl, map, map1, from, force } = flags;
  const all = jsonl === undefined && map === undefined && map1 === undefined;
  const file = (flag: string | true | undefined, ending: string): string | undefined =>
    flag === true ? join(out, `${runId}.${ending}`) : flag;
  const { openRunStore } = await import("@hivewatch/runs");
  const store = openRunStore({ dir: runsDir, onDiagnostic: say });
  const tell = sayNowAndThen(say);
  const done = await store.export(runId, {
    jsonl: file(all ? true : jsonl, "jsonl"),
    map: file(all ? true : map, "map2.json"),
    map1: file(map1, "map.json"),
    from,
    force,
    onProgress: (events) => tell(() => `${events} events so far`),
    signal: shutdownSignal(),
  });
  const files = done.files.join(", ");
  say(`${done.events} events, ${done.rounds} rounds and ${done.clients} clients of ${runId}: ${files}`);
}

function say(message: string): void {
  console.error(message);
}
