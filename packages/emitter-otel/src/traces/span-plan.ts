import {
  type Attributes,
  type Context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { ATTRIBUTES } from "../attributes.ts";
import type { SpanIds, ToldIdSource } from "../ids.ts";
import { hrTime } from "../values.ts";
import type { Stretch } from "./client-times.ts";
import type { Failure } from "./reports.ts";

/** A span with all that will be in it. */
export interface SpanPlan extends Stretch {
  readonly name: string;
  readonly ids: SpanIds;
  readonly attributes: Attributes;
  readonly failure?: Failure | undefined;
  readonly links?: readonly SpanContext[] | undefined;
  readonly children?: readonly SpanPlan[] | undefined;
}

/** What spans are made with. */
export interface SpanMaker {
  readonly tracer: Tracer;
  /** Undefined: the provider, which isn't ours, has ids of its own. */
  readonly ids: ToldIdSource | undefined;
}

type SpanStart = Pick<SpanPlan, "name" | "ids" | "start" | "attributes" | "links">;

/** @param parent - undefined: it is the first of its trace */
export function beginSpan(
  { tracer, ids }: SpanMaker,
  { name, start, attributes, links = [], ids: own }: SpanStart,
  parent: SpanContext | undefined,
): Span {
  ids?.tell(own);
  return tracer.startSpan(name, { startTime: hrTime(start), attributes, links: linksTo(links) }, contextIn(parent));
}

/** Says how a span ended, and ends it. */
export function endSpan(span: Span, { end, failure }: Pick<SpanPlan, "end" | "failure">): void {
  if (failure !== undefined) {
    span.setAttribute(ATTRIBUTES.errorType, failure.type);
    span.setStatus({ code: SpanStatusCode.ERROR, message: failure.reason });
  }
  span.end(hrTime(end));
}

/**
 * Makes a span and those below it.
 *
 * @returns the span's context
 */
export function makeSpan(maker: SpanMaker, plan: SpanPlan, parent: SpanContext | undefined): SpanContext {
  const span = beginSpan(maker, plan, parent);
  return finishSpan(maker, span, plan);
}

/** Ends a span that was begun, after those below it were made. */
export function finishSpan(maker: SpanMaker, span: Span, plan: SpanPlan): SpanContext {
  const context = span.spanContext();
  for (const child of plan.children ?? []) makeSpan(maker, child, context);
  endSpan(span, plan);
  return context;
}

function contextIn(parent: SpanContext | undefined): Context {
  return parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
}

function linksTo(contexts: readonly SpanContext[]): Link[] {
  return contexts.map((context) => ({ context }));
}
