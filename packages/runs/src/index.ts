export {
  type Batch,
  type CheckedBatch,
  checkBatch,
  decodeBatch,
  encodeBatch,
  MAX_BATCH_EVENTS,
  packEvents,
  refusedBatch,
  type Sequence,
} from "./batch.ts";
export type { Cursor } from "./cursors.ts";
export type { Exported, ExportOptions } from "./export-run.ts";
export { type FilesEmitterOptions, filesEmitter } from "./files-emitter.ts";
export type { FrameFile, Place } from "./frame-file.ts";
export { jsonlLines } from "./jsonl-line.ts";
export { type KeepArtifactsOptions, keepArtifacts } from "./keep-artifacts.ts";
export { type KeepDeliveringOptions, keepDelivering } from "./keep-delivering.ts";
export type { FoundMap } from "./map-reader.ts";
export type { BatchStep } from "./read-batches.ts";
export type { LogEntry, ReadOptions, ReadStep } from "./read-entries.ts";
export { createReaderHealth, type ReaderHealth, type ReaderLag } from "./reader-health.ts";
export { type RetentionOptions, removeOldLogs } from "./remove-old-logs.ts";
export { type Replayed, type ReplayOptions, type ReplayProgress, replayRun } from "./replay-run.ts";
export type { RunListing } from "./run-listing.ts";
export type { AppendResult, Durability, RunLog } from "./run-log.ts";
export type { NewsListener, RunNews } from "./run-news.ts";
export { openRunStore, type RunStore, type RunStoreOptions } from "./run-store.ts";
export type { StoredBatch } from "./scan-segment.ts";
