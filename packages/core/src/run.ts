import { type DeliveryOptions, type DeliveryStats, type DiagnosticListener, startDelivery } from "./delivery.ts";
import type { Emitter } from "./emitter.ts";
import { HiveWatchError } from "./errors.ts";
import type { ClientMetrics, FinishedEvent, RoundMetrics, ServerMetadata } from "./events.ts";
import { checkClientMetrics, checkRoundMetrics, parseEvent } from "./parse-event.ts";
import { checkRunId, newRunId } from "./run-id.ts";
import { MAX_TIMER_MS } from "./sleep.ts";
import { freezeCopy } from "./snapshot.ts";
import { isoNow } from "./time.ts";

export interface RunOptions {
  /** Default: a new random one. */
  runId?: string | undefined;
  /** Default `FedAvg`. */
  algorithm?: string | undefined;
  /** The settings of the training, for people to compare; any JSON. */
  config?: Record<string, unknown> | undefined;
  /** Where events go. Default: nowhere. */
  emitters?: readonly Emitter[] | undefined;
  /** How many events may wait for one emitter. Default 10,000. */
  maxQueue?: number | undefined;
  /** Told when a destination fails. Default: silence; the figures are in {@link Run.stats}. */
  onDiagnostic?: DiagnosticListener | undefined;
}

export interface FinishOptions {
  /** Default `completed`. */
  status?: FinishedEvent["status"];
  reason?: string | undefined;
  /** How long to wait for the destinations. Default 10,000 ms. */
  timeoutMs?: number | undefined;
}

/**
 * A run that is being watched. Every method but `finish` returns at once: it checks its arguments, notes the time, and
 * leaves the rest to the background.
 *
 * All of them throw HiveWatchError: `invalid_event` for an argument that breaks the metadata contract, `finished` after
 * `finish`.
 */
export interface Run extends AsyncDisposable {
  readonly runId: string;
  /** What became of the events, for each emitter in its order. */
  readonly stats: readonly Readonly<DeliveryStats>[];
  /** @param selected - ids of the clients that were asked, if known */
  roundStart(round: number, selected?: readonly string[]): void;
  /** A client's result; `metrics.round` says of which round. */
  logClientUpdate(clientId: string, metrics?: Omit<ClientMetrics, "client_id">): void;
  /** Ends a round. What isn't given is derived from the clients' results. */
  logRound(round: number, metrics?: RoundMetrics): void;
  logDropout(round: number, clientId: string, reason?: string): void;
  logCommFailure(round: number, clientId: string, reason?: string): void;
  logCheckpoint(round: number, path: string, metadata?: Record<string, unknown>): void;
  setServerMetadata(server: ServerMetadata): void;
  /** Any other event, with its own `event_type` and fields; a `timestamp` among them is kept. */
  logEvent(eventType: string, fields?: Record<string, unknown>): void;
  /**
   * Ends the run, and waits for the destinations. A second call only waits too. A run that is disposed of before
   * (`await using`) ends as completed.
   *
   * @returns whether everything was delivered
   */
  finish(options?: FinishOptions): Promise<boolean>;
}

/** Starts a run that is not the default one. */
export function createRun(options: RunOptions = {}): Run {
  const runId = options.runId === undefined ? newRunId() : checkRunId(options.runId);
  const { algorithm = "FedAvg", config = {}, emitters = [] } = options;
  const deliveryOptions: DeliveryOptions = { maxQueue: options.maxQueue, onDiagnostic: options.onDiagnostic };
  const deliveries = emitters.map((emitter) => startDelivery(emitter, deliveryOptions));
  let finished: Promise<boolean> | undefined;

  function emit({ event_type: eventType, ...rest }: { event_type: string; [field: string]: unknown }): void {
    if (finished !== undefined) {
      throw new HiveWatchError("finished", `run ${runId} has finished: start another one with init()`);
    }
    // A copy: destinations run later, and what the caller changes meanwhile must not reach them. Frozen: they share it, and
    // one that changed it would change what the others see.
    const given = { event_type: eventType, run_id: runId, timestamp: isoNow(), ...rest };
    const event = parseEvent({ ...given, run_id: runId });
    freezeCopy(event);
    for (const delivery of deliveries) delivery.push(event);
  }

  async function finishAll(timeoutMs: number): Promise<boolean> {
    const abort = new AbortController();
    // Unlike AbortSignal.timeout this keeps the process alive: it must not end while this is awaited.
    const timer = setTimeout(() => abort.abort(), Math.min(timeoutMs, MAX_TIMER_MS));
    const complete = await Promise.all(deliveries.map((delivery) => delivery.finish(abort.signal)));
    clearTimeout(timer);
    return complete.every(Boolean);
  }

  const run: Run = {
    runId,
    stats: deliveries.map((delivery) => delivery.stats),
    roundStart(round, selected) {
      emit({ event_type: "round_start", round, ...(selected === undefined ? {} : { selected: [...selected] }) });
    },
    logClientUpdate(clientId, metrics = {}) {
      const client = checkClientMetrics({ ...metrics, client_id: clientId });
      emit({ event_type: "client_update", round: client.round ?? null, clients: [client] });
    },
    logRound(round, metrics = {}) {
      emit({ event_type: "round_end", round, round_metrics: checkRoundMetrics(metrics), clients: [] });
    },
    logDropout(round, clientId, reason = "unknown") {
      const client = { client_id: clientId, status: "dropped" };
      emit({ event_type: "client_dropout", round, clients: [client], reason });
    },
    logCommFailure(round, clientId, reason = "unknown") {
      emit({ event_type: "comm_failure", round, client_id: clientId, reason });
    },
    logCheckpoint(round, path, metadata = {}) {
      emit({ event_type: "checkpoint", round, path, metadata });
    },
    setServerMetadata(server) {
      emit({ event_type: "server_metadata", server });
    },
    logEvent(eventType, fields = {}) {
      emit({ ...fields, event_type: eventType });
    },
    async finish({ status = "completed", reason, timeoutMs = 10_000 } = {}) {
      if (finished === undefined) {
        emit({ event_type: "finished", status, ...(reason === undefined ? {} : { reason }) });
        finished = finishAll(timeoutMs);
      }
      return finished;
    },
    async [Symbol.asyncDispose]() {
      await run.finish();
    },
  };
  emit({ event_type: "init", started_at: isoNow(), algorithm, config });
  return run;
}
