import type { HiveEvent } from "@hivewatch/core";
import { type Attributes, type Context, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { ATTRIBUTES } from "../attributes.ts";
import { recordUid } from "../ids.ts";
import type { LoggerLike, SignalWriter, TraceWriter } from "../run-signals.ts";
import { hrTime, microsOf } from "../values.ts";
import { SEVERITY_NUMBERS } from "./log-events.ts";
import { type LogNote, logNotes } from "./log-notes.ts";

export interface LogWriterOptions {
  readonly runId: string;
  readonly logger: LoggerLike;
  /** {@link TraceWriter.contextOf}. Undefined: there are no traces. */
  readonly contextOf?: TraceWriter["contextOf"] | undefined;
}

/** Emits log records for what an operator wants to know of: {@link logNotes}, each with the span of its round. */
export function createLogWriter({ runId, logger, contextOf }: LogWriterOptions): SignalWriter {
  function contextIn(event: HiveEvent): Context | undefined {
    const context = contextOf?.(roundOf(event));
    return context === undefined ? undefined : trace.setSpanContext(ROOT_CONTEXT, context);
  }

  function emit(event: HiveEvent, notes: readonly LogNote[]): void {
    const micros = microsOf(event.timestamp);
    if (Number.isNaN(micros)) return;
    const context = contextIn(event);
    for (const { kind, body, attributes } of notes) {
      const uid = recordUid(runId, event.timestamp, kind.eventName, JSON.stringify(attributes));
      const about: Attributes = { [ATTRIBUTES.runId]: runId, [ATTRIBUTES.recordUid]: uid };
      logger.emit({
        ...kind,
        severityNumber: SEVERITY_NUMBERS[kind.severityText],
        timestamp: hrTime(micros),
        body,
        attributes: { ...about, ...known(attributes) },
        // Not that of whatever happens to be active.
        context: context ?? ROOT_CONTEXT,
      });
    }
  }

  return {
    take(event) {
      const notes = logNotes(event);
      if (notes.length > 0) emit(event, notes);
    },
    // Each event is told of by itself.
    recall() {},
  };
}

function roundOf({ round }: HiveEvent): number | undefined {
  return typeof round === "number" ? round : undefined;
}

function known(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}
