import { errorMessage } from "@hivewatch/core";
import type { NewsBoard } from "@hivewatch/runs/run-news.ts";
import type { HealthBoard } from "../health/health-board.ts";
import { otelEnvironment } from "../health/otel-environment.ts";
import { type SupervisedThread, superviseThread } from "./supervise.ts";

export interface ExportHealthOptions {
  /** That of the process, which says whether anything is exported. */
  readonly env: NodeJS.ProcessEnv;
  readonly health: HealthBoard;
  readonly say: (message: string) => void;
}

/** More than it gives its collector. */
const STOP_MS = 3000;

/**
 * Starts the thread that exports the bridge's health by OpenTelemetry, if the environment asks for it. That it can't is said,
 * and no failure of anything else.
 */
export function exportHealth({ env, health, say }: ExportHealthOptions): SupervisedThread<null>[] {
  const threadEnv = otelEnvironment(env);
  if (threadEnv === undefined) return [];
  const thread = superviseThread<null>({
    what: "The export of the bridge's health",
    entry: new URL("./otel-thread.js", import.meta.url),
    data: () => null,
    env: threadEnv,
    health: health.of("otel"),
    stopMs: STOP_MS,
    subscribe: NOTHING,
    say,
  });
  thread.ready.catch((error: unknown) =>
    say(`The bridge's health is not exported: ${errorMessage(error).replace("[hivewatch] ", "")}`),
  );
  return [thread];
}

/** It reads no log. */
const NOTHING: NewsBoard["subscribe"] = () => () => {};
