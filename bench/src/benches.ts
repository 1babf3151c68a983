import type { Bench } from "./bench.ts";
import { ingestCpu } from "./benches/ingest-cpu.ts";
import { jsonl } from "./benches/jsonl.ts";
import { reopen } from "./benches/reopen.ts";

/** All benches, in the order in which they are run. */
export const BENCHES: readonly Bench[] = [ingestCpu, jsonl, reopen];
