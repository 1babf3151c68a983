import { setTimeout as sleep } from "node:timers/promises";
import { createDiagLogger } from "../health/diag-logger.ts";
import { loadOpenTelemetry } from "../health/load-open-telemetry.ts";
import { observePoints } from "../health/observe-points.ts";
import { whenAborted } from "../shutdown.ts";
import { version } from "../version.ts";
import { runThread } from "./inside-thread.ts";
import { stepBack } from "./step-back.ts";

/** How long a collector that is away holds up the end. */
const LAST_EXPORT_MS = 2000;

stepBack();
await runThread<null>(async ({ signal, onHealth, say }, ready) => {
  const { api, sdk } = await loadOpenTelemetry();
  // Who sets a level gets the SDK's own words on the standard error.
  if (process.env.OTEL_LOG_LEVEL === undefined) api.diag.setLogger(createDiagLogger(say), api.DiagLogLevel.WARN);
  // It would export traces and logs as well, if it were told nothing. All else it is told by the environment.
  const node = new sdk.NodeSDK({ spanProcessors: [], logRecordProcessors: [] });
  node.start();
  onHealth(observePoints(api.metrics.getMeter("hivewatch", version)).take);
  ready(null);
  await whenAborted(signal);
  const isExported = await Promise.race([node.shutdown().then(() => true), sleep(LAST_EXPORT_MS, false)]);
  if (!isExported) say("The bridge's last figures could not be exported.");
});
