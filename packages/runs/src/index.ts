export {
  type Batch,
  checkBatch,
  decodeBatch,
  encodeBatch,
  MAX_BATCH_EVENTS,
  packEvents,
  refusedBatch,
  type Sequence,
} from "./batch.ts";
export { type FilesEmitterOptions, filesEmitter } from "./files-emitter.ts";
export { jsonlLines } from "./jsonl-line.ts";
export type { BatchStep, StoredBatch } from "./read-batches.ts";
export type { LogEntry, ReadOptions, ReadStep } from "./read-entries.ts";
export type { RunListing } from "./run-listing.ts";
export type { AppendResult, RunLog } from "./run-log.ts";
export { openRunStore, type RunStore, type RunStoreOptions } from "./run-store.ts";
