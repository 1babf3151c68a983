import { Command, Option } from "commander";
import type { Pace } from "../demo/pace.ts";
import { wholeNumber } from "../options.ts";
import { shutdownSignal } from "../shutdown.ts";

interface DemoFlags {
  rounds: number;
  clients: number;
  seed: number;
  pace: Pace;
  endpoint?: string;
}

/** `hivewatch demo`. */
export function demoCommand(): Command {
  return new Command("demo")
    .description(
      "Play a real federated training over invented clinics into a running bridge (hivewatch up), and end with it.",
    )
    .option("--rounds <n>", "how many rounds", wholeNumber(1), 30)
    .option("--clients <n>", "how many sites take part", wholeNumber(2), 24)
    .option("--seed <n>", "the same seed plays the same training", wholeNumber(0), 7)
    .addOption(
      new Option("--pace <pace>", "real: two to three minutes; max: as fast as it goes")
        .choices(["real", "max"])
        .default("real"),
    )
    .addOption(new Option("--endpoint <host:port>", "the bridge (default: 127.0.0.1:7071)").env("HIVEWATCH_ENDPOINT"))
    .action(async (flags: DemoFlags) => {
      const { runDemo } = await import("../run-demo.ts");
      const signal = shutdownSignal();
      const delivered = await runDemo({ ...flags, signal, print: (line) => console.error(line) });
      if (delivered) return;
      console.error("The bridge went away: not all of the demo has reached it.");
      process.exitCode = 1;
    });
}
