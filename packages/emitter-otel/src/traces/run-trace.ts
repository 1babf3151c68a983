import type { FinishedEvent, InitEvent } from "@hivewatch/core";
import type { Attributes, Span, SpanContext } from "@opentelemetry/api";
import { ATTRIBUTES } from "../attributes.ts";
import { runIds } from "../ids.ts";
import { remoteContext } from "../trace-context.ts";
import { bounded } from "../values.ts";
import type { Failure } from "./reports.ts";
import { beginSpan, endSpan, type SpanMaker } from "./span-plan.ts";

/** What an SDK keeps by default. */
const MAX_LINKS = 128;

/** The span of a run, from its beginning to its end. */
export interface RunTrace {
  /** 1, or more if the run was begun again after its end. */
  readonly attempt: number;
  /** Microseconds since 1970. */
  readonly startedAt: number;
  readonly hasEnded: boolean;
  /** Begins the span where that was not done. Undefined: it is over, and its ids are not known any more. */
  context(): SpanContext | undefined;
  /** The program was started again, and goes on with the run. */
  resume(event: InitEvent): void;
  /** @param isMade - whether the span is to be made, and not only remembered that the run is over. It ends once */
  end(event: FinishedEvent, at: number, isMade: boolean): void;
}

export interface RunTraceOptions {
  readonly runId: string;
  readonly maker: SpanMaker;
  /** The first event, if it is one. */
  readonly init: InitEvent | undefined;
  readonly startedAt: number;
  /** The run of the same id that had ended before. */
  readonly previous: RunTrace | undefined;
}

export function createRunTrace(options: RunTraceOptions): RunTrace {
  const { runId, maker, init, startedAt, previous } = options;
  const attempt = (previous?.attempt ?? 0) + 1;
  const parent = init === undefined ? undefined : remoteContext(init.traceparent, init.tracestate);
  let strategy = init?.algorithm;
  const links: SpanContext[] = [];
  let span: Span | undefined;
  let hasEnded = false;

  function begin(): Span {
    const before = previous?.context();
    const attributes: Attributes = {
      [ATTRIBUTES.runId]: runId,
      ...(attempt > 1 ? { [ATTRIBUTES.runAttempt]: attempt } : {}),
    };
    const all = before === undefined ? links : [before, ...links];
    const plan = { name: "run", ids: runIds(runId, attempt), start: startedAt, links: all, attributes };
    return beginSpan(maker, plan, parent);
  }

  return {
    attempt,
    startedAt,
    get hasEnded() {
      return hasEnded;
    },
    context() {
      if (span === undefined && hasEnded && maker.ids === undefined) return undefined;
      span ??= begin();
      return span.spanContext();
    },
    resume(event) {
      strategy ??= event.algorithm;
      const context = remoteContext(event.traceparent, event.tracestate);
      if (context === undefined || context.spanId === parent?.spanId || links.length >= MAX_LINKS) return;
      links.push(context);
      span?.addLink({ context });
    },
    end(event, at, isMade) {
      const isAgain = hasEnded;
      hasEnded = true;
      if (!isMade || isAgain) return;
      span ??= begin();
      if (strategy !== undefined) span.setAttribute(ATTRIBUTES.strategy, bounded(strategy, 256));
      span.setAttribute(ATTRIBUTES.runStatus, event.status ?? "completed");
      if (event.reason !== undefined) span.setAttribute(ATTRIBUTES.reason, bounded(event.reason));
      endSpan(span, { end: Math.max(at, startedAt), failure: runFailure(event) });
    },
  };
}

/** What a run has failed of; undefined: it has not. */
export function runFailure({ status = "completed", reason }: FinishedEvent): Failure | undefined {
  if (status !== "failed" && status !== "lost") return undefined;
  return { type: `run_${status}`, reason: bounded(reason ?? status) };
}
