import type {
  CheckpointEvent,
  ClientDropoutEvent,
  ClientMetrics,
  CommFailureEvent,
  FinishedEvent,
  HiveEvent,
  InitEvent,
  RoundStartEvent,
  ServerMetadataEvent,
} from "./events.ts";
import type { RoundSummary } from "./round-summary.ts";

type MaybePromise<T> = T | Promise<T>;

/**
 * What became of a batch: sent, but for some events that the destination would not take (`refused`, default 0); to be
 * sent again, after a while (default: a growing one, up to 30 s); or never to be taken by this destination. `reason`: why, or
 * what else a user should know of a batch that was sent.
 */
export type WriteResult =
  | { readonly status: "delivered"; readonly refused?: number | undefined; readonly reason?: string | undefined }
  | { readonly status: "retry"; readonly afterMs?: number | undefined; readonly reason?: string | undefined }
  | { readonly status: "refused"; readonly reason: string };

interface EmitterBase {
  /** How messages name it. */
  readonly name: string;
  /** The version of this contract. */
  readonly specVersion?: 1;
  /** Called once, after everything was handed over: send what is held, and close. */
  finish?(): MaybePromise<void>;
}

/** A destination that takes batches. Core never calls `write` again before it has answered. */
export interface BatchEmitter extends EmitterBase {
  /**
   * Sends consecutive events of one run. They are frozen. It should answer rather than throw: a throw counts as refused.
   *
   * @param signal - aborted when core stops waiting for the answer
   */
  write(batch: readonly HiveEvent[], signal: AbortSignal): MaybePromise<WriteResult>;
  /**
   * For one whose translation of an event depends on those before it: told, in batches, of what another one like it was
   * told before a restart. It sends nothing of them.
   */
  recall?(batch: readonly HiveEvent[]): MaybePromise<void>;
  /**
   * For one object that takes several runs: nothing more of this run comes for now. It lets go of what it holds of it. If the
   * run goes on, `recall` tells of it from its beginning.
   */
  finishRun?(runId: string): MaybePromise<void>;
}

/** A destination that is told of each thing by itself. Leave out what doesn't matter to it. */
export interface HookEmitter extends EmitterBase {
  onInit?(event: InitEvent): MaybePromise<void>;
  onServerMetadata?(event: ServerMetadataEvent): MaybePromise<void>;
  onRoundStart?(event: RoundStartEvent): MaybePromise<void>;
  onClientUpdate?(client: ClientMetrics): MaybePromise<void>;
  /** At the end of a round, with the figures derived from its clients. */
  onRound?(summary: RoundSummary, clients: readonly ClientMetrics[]): MaybePromise<void>;
  onDropout?(event: ClientDropoutEvent): MaybePromise<void>;
  onCommFailure?(event: CommFailureEvent): MaybePromise<void>;
  onCheckpoint?(event: CheckpointEvent): MaybePromise<void>;
  onFinished?(event: FinishedEvent): MaybePromise<void>;
}

/**
 * A destination of a run's events. It translates and sends, and nothing else: core queues, batches, retries and counts.
 * A plain object will do.
 */
export type Emitter = BatchEmitter | HookEmitter;
