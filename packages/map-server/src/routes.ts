import { isRunId } from "@hivewatch/core";
import type { RunStore } from "@hivewatch/runs";
import { sendMapFrames, sendMapHead } from "./map-routes.ts";
import type { MetricFamily } from "./metrics/metric-family.ts";
import { sendMetrics } from "./metrics/send-metrics.ts";
import { type Exchange, sendText } from "./responses.ts";
import { sendEvents, sendMetadata, sendRuns } from "./run-routes.ts";
import type { StreamParts } from "./stream/stream-parts.ts";
import { sendStreamHead, streamAll, streamRun } from "./stream/stream-routes.ts";
import { sendViewerFile, type ViewerFiles } from "./viewer-files.ts";

/** What the routes answer from. */
export interface RouteContext {
  readonly store: RunStore;
  readonly viewer: ViewerFiles;
  /** The one run to show, if only one was asked for. */
  readonly runId: string | undefined;
  readonly streams: StreamParts;
  /** The figures of this server and what is around it, if there are any. */
  readonly metrics: (() => readonly MetricFamily[]) | undefined;
}

/** Answers a GET or HEAD request. */
export async function route(exchange: Exchange, path: string, context: RouteContext): Promise<void> {
  const { store, viewer, streams } = context;
  const name = path.replace(/^\/+|\/+$/g, "");
  if (name === "" || name === "map") {
    if (sendViewerFile(exchange, viewer, "index.html")) return;
    return sendText(exchange, 503, "The viewer has not been built: run `pnpm build`, then start again.\n");
  }
  if (name === "health") return sendText(exchange, 200, "ok");
  if (name === "metrics" && context.metrics !== undefined) return sendMetrics(exchange, context.metrics());
  if (name === "runs") return sendRuns(exchange, store, context.runId);
  if (name === "stream") {
    // One without a body would only stay open.
    if (exchange.request.method === "HEAD") return sendStreamHead(exchange);
    const runId = exchange.query.get("run_id") ?? context.runId;
    if (runId === undefined) return streamAll(exchange, streams);
    if (isHidden(runId, context)) return sendText(exchange, 404, `run ${runId} not found`);
    return isRunId(runId) ? streamRun(exchange, streams, runId) : sendText(exchange, 400, "run_id is not a run id\n");
  }
  const match = /^runs\/([^/]+)\/(.+)$/.exec(name);
  const send = RUN_ROUTES.get(match?.[2] ?? "");
  if (send !== undefined) return routeRun(exchange, context, decodeURIComponent(match?.[1] ?? ""), send);
  if (!sendViewerFile(exchange, viewer, name)) sendText(exchange, 404, "not found\n");
}

type SendRun = (exchange: Exchange, store: RunStore, runId: string) => Promise<void>;

/** What there is of a run, below `/runs/<id>/`. */
const RUN_ROUTES: ReadonlyMap<string, SendRun> = new Map([
  ["metadata", sendMetadata],
  ["events", sendEvents],
  ["map2", sendMapHead],
  ["map2/frames", sendMapFrames],
]);

async function routeRun(exchange: Exchange, context: RouteContext, runId: string, send: SendRun): Promise<void> {
  const { store } = context;
  const listing = isRunId(runId) && !isHidden(runId, context) ? await store.listing(runId) : undefined;
  if (listing === undefined) return sendText(exchange, 404, `run ${runId} not found`);
  await send(exchange, store, runId);
}

/** Whether only another run was asked to be shown. */
function isHidden(runId: string, context: RouteContext): boolean {
  return context.runId !== undefined && context.runId !== runId;
}
