import type { Bench } from "./bench.ts";
import { callCost } from "./benches/call-cost.ts";
import { hivewatchPy } from "./benches/hivewatch-py.ts";
import { ingestCpu } from "./benches/ingest-cpu.ts";
import { ingestPython } from "./benches/ingest-python.ts";
import { jsonl } from "./benches/jsonl.ts";
import { million } from "./benches/million.ts";
import { mlflow } from "./benches/mlflow.ts";
import { reopen } from "./benches/reopen.ts";
import { rss } from "./benches/rss.ts";
import { sse } from "./benches/sse.ts";

/** All benches, in the order in which they are run. */
export const BENCHES: readonly Bench[] = [
  ingestPython,
  ingestCpu,
  callCost,
  jsonl,
  reopen,
  million,
  sse,
  mlflow,
  hivewatchPy,
  rss,
];
