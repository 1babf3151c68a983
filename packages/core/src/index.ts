export {
  type ClientFigures,
  clientFigures,
  joinFigures,
  type Mean,
  NO_FIGURES,
  type RoundClients,
  type Spread,
} from "./client-figures.ts";
export { type ClientLimit, clientSpread, createClientLimit, type FieldSpread } from "./client-limit.ts";
export { type ConsoleEmitterOptions, consoleEmitter } from "./console-emitter.ts";
export {
  finish,
  init,
  logCheckpoint,
  logClientUpdate,
  logCommFailure,
  logDropout,
  logEvent,
  logRound,
  roundStart,
  setServerMetadata,
} from "./default-run.ts";
export type { DeliveryStats, DiagnosticListener } from "./delivery.ts";
export { type Destination, type DestinationOptions, newDeliveryStats, openDestination } from "./destination.ts";
export type { BatchEmitter, Emitter, HookEmitter, WriteResult } from "./emitter.ts";
export { errorMessage, HiveWatchError, type HiveWatchErrorCode } from "./errors.ts";
export {
  type CheckpointEvent,
  CLIENT_NUMBERS,
  CLIENT_TEXTS,
  type ClientDropoutEvent,
  type ClientMetricEvent,
  type ClientMetrics,
  type ClientRecoveredEvent,
  type ClientUpdateEvent,
  type CommFailureEvent,
  EVENT_TYPES,
  type EvaluationEvent,
  type FinishedEvent,
  type HiveEvent,
  type InitEvent,
  isKnownEvent,
  type KnownEvent,
  type OtherEvent,
  ROUND_NUMBERS,
  type RoundEndEvent,
  type RoundMetrics,
  type RoundStartEvent,
  type ServerMetadata,
  type ServerMetadataEvent,
} from "./events.ts";
export { createHistogram, type Histogram, type HistogramData } from "./histogram.ts";
export { hooksAsBatches } from "./hooks.ts";
export { numberFromJson, parseLenientJson, stringifyEvent } from "./json.ts";
export {
  decodeMapPart,
  decodeMapTable,
  type MapColumn,
  type MapNumbers,
  type MapPart,
  type MapTable,
  type MapValues,
} from "./map-frame.ts";
export {
  type MapHead,
  type MapHeadRound,
  type MapPlace,
  parseMapHead,
  parseMapHeadRound,
  takeMapHead,
} from "./map-head.ts";
export { type MemoryEmitter, memoryEmitter } from "./memory-emitter.ts";
export { checkClientMetrics, checkRoundMetrics, MAX_CLIENT_ID_LENGTH, parseEvent } from "./parse-event.ts";
export { createRoundFollower, type EndedRound, type RoundFollower } from "./round-follower.ts";
export { type RoundFacts, type RoundSummary, staleness, summarizeFigures, summarizeRound } from "./round-summary.ts";
export { createRun, type FinishOptions, type Run, type RunOptions } from "./run.ts";
export { checkRunId, isRunId, newRunId } from "./run-id.ts";
export {
  applyEvent,
  type Checkpoint,
  type ClientState,
  createRunState,
  endRound,
  type Incident,
  isLocated,
  type RoundState,
  type RunState,
  type RunStatus,
  sortedRounds,
} from "./run-state.ts";
export { freezeCopy } from "./snapshot.ts";
export { isoFromMicros, isoNow, microsFromIso } from "./time.ts";
