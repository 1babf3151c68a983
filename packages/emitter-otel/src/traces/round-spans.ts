import type { Attributes, Span, SpanContext } from "@opentelemetry/api";
import { ATTRIBUTES } from "../attributes.ts";
import { type RoundKey, roundIds, summarySpanId } from "../ids.ts";
import { clientPlan } from "./client-plan.ts";
import type { Report } from "./reports.ts";
import { type RoundFacts, roundPlan } from "./round-plan.ts";
import type { EndedRound, OpenRound } from "./round-table.ts";
import { beginSpan, finishSpan, makeSpan, type SpanMaker, type SpanPlan } from "./span-plan.ts";

/** Makes the spans of rounds. */
export interface RoundSpans {
  /**
   * Makes all of a round that ends.
   *
   * @param isSummarized - whether it has a span in the trace of the run, too
   * @returns the context of the round's own span
   */
  make(round: OpenRound, facts: RoundFacts, isSummarized: boolean): SpanContext;
  /** Makes the span of a client that reported after the round's end. */
  makeLate(round: EndedRound, report: Report): void;
  /** The context of a round's own span. Undefined: it was made before a restart, with ids that nobody knows any more. */
  contextOf(round: OpenRound | EndedRound): SpanContext | undefined;
}

/** @param runContext - that of the run's span */
export function createRoundSpans(maker: SpanMaker, runContext: () => SpanContext | undefined): RoundSpans {
  const hasOwnIds = maker.ids !== undefined;

  /** Begins a round's span for its context, which says, too, whether it is sampled. */
  function beginAhead({ key }: OpenRound | EndedRound, start: number): Span {
    const ids = roundIds(key.runId, key.number, key.attempt);
    return begin({ name: "round", ids, start, attributes: {} }, key.runId, key.number);
  }

  function begin(plan: Pick<SpanPlan, "name" | "ids" | "start" | "attributes">, runId: string, number: number): Span {
    const run = runContext();
    const identity: Attributes = { [ATTRIBUTES.runId]: runId, [ATTRIBUTES.round]: number };
    const links = run === undefined ? [] : [run];
    return beginSpan(maker, { ...plan, links, attributes: { ...identity, ...plan.attributes } }, undefined);
  }

  function contextOf(round: OpenRound | EndedRound): SpanContext | undefined {
    if (round.isOpen) {
      round.span ??= beginAhead(round, round.startedAt ?? round.firstAt);
      return round.span.spanContext();
    }
    if (hasOwnIds) round.context ??= beginAhead(round, round.startedAt ?? 0).spanContext();
    return round.context;
  }

  function summarize(key: RoundKey, round: SpanPlan, context: SpanContext): void {
    const run = runContext();
    if (run === undefined) return;
    const ids = { traceId: run.traceId, spanId: summarySpanId(key.runId, key.number, key.attempt) };
    makeSpan(maker, { ...round, name: "round summary", ids, links: [context], children: [] }, run);
  }

  return {
    make(round, facts, isSummarized) {
      const plan = roundPlan(facts);
      // One that was begun ahead is begun again, with all that is known now, where it gets the same ids again.
      const span = (hasOwnIds ? undefined : round.span) ?? begin(plan, facts.key.runId, facts.key.number);
      span.setAttributes(plan.attributes);
      const context = finishSpan(maker, span, plan);
      if (isSummarized) summarize(facts.key, plan, context);
      return context;
    },
    makeLate(round, report) {
      const parent = contextOf(round);
      if (parent === undefined) return;
      const chosen = { ...report, adjustedCount: undefined };
      makeSpan(maker, clientPlan(round.key, chosen, `late ${round.lateReports}`), parent);
    },
    contextOf,
  };
}
