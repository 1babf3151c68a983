import { bridgeEmitter, waitForBridge } from "@hivewatch/bridge";
import { consoleEmitter, createRun, errorMessage } from "@hivewatch/core";
import { demoConfig } from "./demo/demo-config.ts";
import type { Pace } from "./demo/pace.ts";
import { playDemo } from "./demo/play-demo.ts";
import type { DemoOptions } from "./demo/settings.ts";

export interface RunDemoOptions extends DemoOptions {
  pace?: Pace | undefined;
  /** `host:port` of a bridge. Default: `HIVEWATCH_ENDPOINT`, else `127.0.0.1:7071`. */
  endpoint?: string | undefined;
  signal: AbortSignal;
  /** Where the course of the demo is told. */
  print(line: string): void;
}

/**
 * Plays the demo into a bridge, to its end or until the signal is aborted.
 *
 * @returns whether the bridge has all of it
 * @throws HiveWatchError `unavailable` if there is no bridge to begin with
 */
export async function runDemo(options: RunDemoOptions): Promise<boolean> {
  const { rounds, clients, seed, pace, endpoint, signal, print } = options;
  const settings = { rounds, clients, seed };
  await waitForBridge({ endpoint });
  const run = createRun({
    algorithm: "FedAvg",
    config: demoConfig(settings),
    emitters: [bridgeEmitter({ endpoint }), consoleEmitter({ print })],
    // All of a demo at full speed is made before any of it is sent.
    maxQueue: Number.POSITIVE_INFINITY,
    onDiagnostic: print,
  });
  try {
    await playDemo({ run, ...settings, pace, signal });
  } catch (error) {
    const reason = signal.aborted ? "stopped by its user" : errorMessage(error);
    const delivered = await run.finish({ status: signal.aborted ? "aborted" : "failed", reason });
    if (signal.aborted) return delivered;
    throw error;
  }
  return run.finish();
}
