import { Command } from "commander";
import { demoCommand } from "./commands/demo.ts";
import { mapCommand } from "./commands/map.ts";
import { replayCommand } from "./commands/replay.ts";
import { runsCommand } from "./commands/runs.ts";
import { upCommand } from "./commands/up.ts";
import { version } from "./version.ts";

/** The `hivewatch` command. Each of its commands loads what it needs when it is run: `up` needs a main thread that stays small. */
export function createProgram(): Command {
  return new Command("hivewatch")
    .description("Watch federated learning while it runs, and look back afterwards.")
    .version(version)
    .addCommand(upCommand())
    .addCommand(mapCommand())
    .addCommand(runsCommand())
    .addCommand(replayCommand())
    .addCommand(demoCommand())
    .showHelpAfterError("(hivewatch --help shows what there is)")
    .addHelpText(
      "after",
      `
Begin with:
  hivewatch up --demo     a live run to look at, at http://127.0.0.1:7070
  hivewatch up            then start your training, with hivewatch_bridge in its server program

Environment:
  HIVEWATCH_RUNS_DIR      the folder of the runs (default: runs)
  HIVEWATCH_ENDPOINT      where programs send their events (default: 127.0.0.1:7071)
  HIVEWATCH_TOKEN         sent along with them`,
    );
}
