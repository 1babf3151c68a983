import {
  type ClientDropoutEvent,
  type ClientMetrics,
  type CommFailureEvent,
  type FinishedEvent,
  type HiveEvent,
  type InitEvent,
  isKnownEvent,
  type KnownEvent,
  type RoundEndEvent,
  type RoundMetrics,
  endRound as takeEnd,
} from "@hivewatch/core";
import type { Tracer } from "@opentelemetry/api";
import type { ToldIdSource } from "../ids.ts";
import type { TraceLimits, TraceWriter } from "../run-signals.ts";
import { bounded, microsOf } from "../values.ts";
import { clientTimes } from "./client-times.ts";
import type { Failure, Report } from "./reports.ts";
import { createRoundSpans } from "./round-spans.ts";
import { createRoundTable, type EndedRound, type OpenRound } from "./round-table.ts";
import { createRunTrace, type RunTrace, runFailure } from "./run-trace.ts";

export interface TraceWriterOptions {
  readonly runId: string;
  readonly tracer: Tracer;
  /** What the tracer's provider asks for ids. Undefined: the provider is somebody else's, and has ids of its own. */
  readonly ids: ToldIdSource | undefined;
  readonly limits: TraceLimits;
  /** Tells the user of what is left out. */
  say(message: string): void;
}

/** A trace of more spans is one that backends cut. */
const MAX_SUMMARIES = 10_000;

/**
 * Makes a trace of each round of a run, when the round ends, and one of the run, of a summary of each round. The same
 * events always give the same spans; with `ids` also with the same ids.
 */
export function createTraceWriter({ runId, tracer, ids, limits, say }: TraceWriterOptions): TraceWriter {
  const maker = { tracer, ids };
  const { maxClientSpans } = limits;
  const spans = createRoundSpans(maker, () => run?.context());
  const rounds = createRoundTable({
    runId,
    maxClientSpans,
    onAbandoned: (round) => endRound(round, { endedAt: round.lastAt }),
  });
  let run: RunTrace | undefined;
  let endedRounds = 0;
  let isMade = false;
  const said = new Set<string>();

  function sayOnce(message: string): void {
    if (!said.has(message)) say(message);
    said.add(message);
  }

  function handle(event: HiveEvent): void {
    const at = microsOf(event.timestamp);
    if (Number.isNaN(at) || !isKnownEvent(event)) return;
    if (event.event_type === "init") beginRun(event, at);
    run ??= createRunTrace({ runId, maker, init: undefined, startedAt: at, previous: undefined });
    takeKnown(event, run, at);
  }

  function takeKnown(event: KnownEvent, run: RunTrace, at: number): void {
    switch (event.event_type) {
      case "round_start": {
        const round = rounds.find(event.round, at, true);
        if (!round.isOpen) return;
        round.startedAt ??= at;
        round.selected = event.selected?.length ?? round.selected;
        round.lastAt = Math.max(round.lastAt, at);
        return;
      }
      case "client_update":
        for (const client of event.clients) report(client, client.round ?? event.round, at, failureOf(client));
        return;
      case "client_dropout":
        for (const client of event.clients) {
          report({ ...client, status: "dropped" }, event.round, at, lossOf(event, "dropped"));
        }
        return;
      case "comm_failure": {
        const { client_id, traceparent } = event;
        report({ client_id, traceparent, status: "failed" }, event.round, at, lossOf(event, "comm_failure"));
        return;
      }
      case "round_end": {
        const round = rounds.find(event.round, at, false);
        if (round.isOpen) endRound(round, { endedAt: at, metrics: metricsOf(event) });
        return;
      }
      case "finished":
        finish(event, run, at);
        return;
      default:
    }
  }

  function beginRun(event: InitEvent, at: number): void {
    if (run !== undefined) rounds.restart();
    if (run !== undefined && !run.hasEnded) {
      run.resume(event);
      return;
    }
    const startedAt = microsOf(event.started_at);
    run = createRunTrace({
      runId,
      maker,
      init: event,
      startedAt: Number.isNaN(startedAt) ? at : startedAt,
      previous: run,
    });
  }

  function finish(event: FinishedEvent, run: RunTrace, at: number): void {
    const failure = runFailure(event);
    for (const round of rounds.open) endRound(round, { endedAt: Math.max(at, round.lastAt), failure });
    run.end(event, at, isMade);
  }

  function report(client: ClientMetrics, number: number | null, at: number, failure: Failure | undefined): void {
    if (number === null) return;
    const round = rounds.find(number, at, false);
    const times = clientTimes(client, at, { runStart: run?.startedAt ?? at, roundStart: round.startedAt });
    if (!round.isOpen) {
      round.lateReports++;
      if (isMade) makeLate(round, { client, times, failure, isLate: true });
      return;
    }
    round.reports.add({ client, times, failure, isLate: false });
    round.lastAt = Math.max(round.lastAt, at);
    const { phase = "train" } = failure ?? {};
    if (phase === "train") round.trainedAt = Math.max(round.trainedAt ?? at, at);
  }

  function makeLate(round: EndedRound, report: Report): void {
    if (round.lateReports <= maxClientSpans) spans.makeLate(round, report);
    else sayOnce(`of what comes after a round's end, the first ${maxClientSpans} reports of clients have spans`);
  }

  function endRound(round: OpenRound, how: HowRoundEnds): void {
    const facts = { ...round, ...how, runStart: run?.startedAt ?? how.endedAt };
    endedRounds++;
    const isSummarized = endedRounds <= MAX_SUMMARIES;
    if (isMade && !isSummarized) {
      sayOnce(`all rounds have traces, and the first ${MAX_SUMMARIES} a summary in the trace of the run`);
    }
    rounds.end(round, isMade ? spans.make(round, facts, isSummarized) : undefined);
  }

  return {
    take(event) {
      isMade = true;
      handle(event);
    },
    recall(event) {
      isMade = false;
      handle(event);
    },
    contextOf(number) {
      const round = typeof number === "number" ? rounds.peek(number) : undefined;
      return round === undefined ? run?.context() : spans.contextOf(round);
    },
  };
}

interface HowRoundEnds {
  readonly endedAt: number;
  readonly metrics?: RoundMetrics | undefined;
  readonly failure?: Failure | undefined;
}

/** What a client says of itself in a result. */
function failureOf({ status }: ClientMetrics): Failure | undefined {
  return status === "failed" || status === "dropped" ? { type: status, reason: status } : undefined;
}

function lossOf({ reason, phase }: ClientDropoutEvent | CommFailureEvent, type: string): Failure {
  return { type, reason: bounded(reason), phase: typeof phase === "string" ? bounded(phase, 64) : undefined };
}

function metricsOf(event: RoundEndEvent): RoundMetrics {
  const round = { endedAt: undefined, metrics: {} };
  takeEnd(round, event);
  return round.metrics;
}
