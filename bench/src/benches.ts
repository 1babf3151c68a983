import type { Bench } from "./bench.ts";
import { callCost } from "./benches/call-cost.ts";
import { flower } from "./benches/flower.ts";
import { hivewatchPy } from "./benches/hivewatch-py.ts";
import { ingestCpu } from "./benches/ingest-cpu.ts";
import { ingestPython } from "./benches/ingest-python.ts";
import { jsonl } from "./benches/jsonl.ts";
import { million } from "./benches/million.ts";
import { mlflow } from "./benches/mlflow.ts";
import { otel } from "./benches/otel.ts";
import { reopen } from "./benches/reopen.ts";
import { rss } from "./benches/rss.ts";
import { sse } from "./benches/sse.ts";
import { viewer } from "./benches/viewer.ts";
import { viewerLive } from "./benches/viewer-live.ts";
import { viewerReference } from "./benches/viewer-reference.ts";

/** All benches, in the order in which they are run. */
export const BENCHES: readonly Bench[] = [
  ingestPython,
  ingestCpu,
  callCost,
  flower,
  jsonl,
  reopen,
  million,
  sse,
  mlflow,
  otel,
  hivewatchPy,
  rss,
  viewer,
  viewerLive,
  viewerReference,
];
