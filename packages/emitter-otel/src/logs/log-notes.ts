import {
  type ClientDropoutEvent,
  type ClientMetrics,
  type CommFailureEvent,
  type FinishedEvent,
  type HiveEvent,
  type InitEvent,
  isKnownEvent,
  type KnownEvent,
  type OtherEvent,
} from "@hivewatch/core";
import type { Attributes } from "@opentelemetry/api";
import { ATTRIBUTES } from "../attributes.ts";
import { bounded } from "../values.ts";
import { LOG_EVENTS } from "./log-events.ts";

/** What a log record says. */
export interface LogNote {
  readonly kind: (typeof LOG_EVENTS)[keyof typeof LOG_EVENTS];
  /** One line, for people. */
  readonly body: string;
  readonly attributes: Attributes;
}

/** What an event says that an operator should read: nothing, one thing, or one for each client. */
export function logNotes(event: HiveEvent): LogNote[] {
  const notes = isKnownEvent(event) ? notesOfKnown(event) : notesOfOther(event);
  if (typeof event.round !== "number") return notes;
  const round = { [ATTRIBUTES.round]: event.round };
  return notes.map((note) => ({ ...note, attributes: { ...round, ...note.attributes } }));
}

function notesOfKnown(event: KnownEvent): LogNote[] {
  switch (event.event_type) {
    case "init":
      return [startNote(event)];
    case "client_update":
      return event.clients.flatMap(resultNotes);
    case "client_dropout":
      return event.clients.map(({ client_id }) => lossNote(LOG_EVENTS.dropout, "dropped out", client_id, event));
    case "comm_failure":
      return [lossNote(LOG_EVENTS.commFailure, "could not be reached", event.client_id, event)];
    case "client_recovered":
      return [
        {
          kind: LOG_EVENTS.recovered,
          body: `client ${oneLine(event.client_id)} takes part again`,
          attributes: { [ATTRIBUTES.clientId]: bounded(event.client_id) },
        },
      ];
    case "checkpoint":
      return [
        {
          kind: LOG_EVENTS.checkpoint,
          body: `round ${event.round} was saved as ${oneLine(event.path)}`,
          attributes: { [ATTRIBUTES.filePath]: bounded(event.path) },
        },
      ];
    case "finished":
      return [endNote(event)];
    default:
      return [];
  }
}

function startNote({ algorithm }: InitEvent): LogNote {
  const strategy = bounded(algorithm, 256);
  return {
    kind: LOG_EVENTS.runStart,
    body: `the run began: ${oneLine(strategy)}`,
    attributes: { [ATTRIBUTES.strategy]: strategy },
  };
}

const ENDS = {
  completed: LOG_EVENTS.runCompleted,
  aborted: LOG_EVENTS.runAborted,
  failed: LOG_EVENTS.runFailed,
  lost: LOG_EVENTS.runFailed,
} as const;

function endNote({ status = "completed", reason }: FinishedEvent): LogNote {
  const said = textOf(reason);
  return {
    kind: ENDS[status],
    body: `the run is ${status}${said === undefined ? "" : `: ${oneLine(said)}`}`,
    attributes: {
      [ATTRIBUTES.runStatus]: status,
      [ATTRIBUTES.reason]: said,
      [ATTRIBUTES.errorType]: ENDS[status] === LOG_EVENTS.runFailed ? `run_${status}` : undefined,
    },
  };
}

/** Of a result in which a client says that it has none. */
function resultNotes({ client_id: clientId, status }: ClientMetrics): LogNote[] {
  if (status !== "failed" && status !== "dropped") return [];
  return [
    {
      kind: LOG_EVENTS.failedResult,
      body: `client ${oneLine(clientId)} says that it is ${status}`,
      attributes: { [ATTRIBUTES.clientId]: bounded(clientId), [ATTRIBUTES.errorType]: status },
    },
  ];
}

function lossNote(
  kind: LogNote["kind"],
  what: string,
  clientId: string,
  { reason, phase, event_type }: ClientDropoutEvent | CommFailureEvent,
): LogNote {
  return {
    kind,
    body: `client ${oneLine(clientId)} ${what}: ${oneLine(reason)}`,
    attributes: {
      [ATTRIBUTES.clientId]: bounded(clientId),
      [ATTRIBUTES.reason]: bounded(reason),
      [ATTRIBUTES.phase]: textOf(phase),
      [ATTRIBUTES.errorType]: event_type === "client_dropout" ? "dropped" : event_type,
    },
  };
}

/** Those that adapters, reporters and readers of damaged logs use (docs/events.md). */
function notesOfOther(event: OtherEvent): LogNote[] {
  switch (event.event_type) {
    case "client_error":
      return [
        {
          kind: LOG_EVENTS.clientError,
          body: `a request to client ${oneLine(String(event.client_id))} failed: ${oneLine(textOf(event.reason) ?? "unknown")}`,
          attributes: {
            [ATTRIBUTES.clientId]: textOf(event.client_id),
            [ATTRIBUTES.reason]: textOf(event.reason),
            [ATTRIBUTES.phase]: textOf(event.phase),
            [ATTRIBUTES.errorType]: "client_error",
          },
        },
      ];
    case "adapter_error":
      return [
        {
          kind: LOG_EVENTS.adapterError,
          body: `an adapter failed, which the training did not notice: ${oneLine(textOf(event.reason) ?? "unknown")}`,
          attributes: {
            [ATTRIBUTES.adapter]: textOf(event.adapter),
            [ATTRIBUTES.step]: textOf(event.step),
            [ATTRIBUTES.reason]: textOf(event.reason),
            [ATTRIBUTES.errorType]: "adapter_error",
          },
        },
      ];
    case "events_dropped":
      return [droppedNote(event)];
    case "log_damaged":
      return [
        {
          kind: LOG_EVENTS.logDamaged,
          body: `${countOf(event.count) ?? "some"} events are lost: the run's log is damaged`,
          attributes: {
            [ATTRIBUTES.count]: countOf(event.count),
            [ATTRIBUTES.fileName]: textOf(event.segment),
            [ATTRIBUTES.byteOffset]: countOf(event.byte_offset),
            [ATTRIBUTES.errorType]: "log_damaged",
          },
        },
      ];
    default:
      return [];
  }
}

function droppedNote(event: OtherEvent): LogNote {
  const [count, bytes] = [countOf(event.count), countOf(event.unreadable_bytes)];
  return {
    kind: LOG_EVENTS.eventsDropped,
    body:
      bytes === undefined
        ? `${count ?? "some"} events were given up by the reporter, which had no room for more`
        : `${bytes} bytes of events were damaged on the reporter's disk`,
    attributes: {
      [ATTRIBUTES.count]: count,
      [ATTRIBUTES.unreadableBytes]: bytes,
      [ATTRIBUTES.errorType]: "events_dropped",
    },
  };
}

/** What others chose must not look as if it were a record of its own, or stand elsewhere. */
function oneLine(text: string): string {
  return bounded(text).replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]+/gu, " ");
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? bounded(value) : undefined;
}

function countOf(value: unknown): number | undefined {
  return Number.isSafeInteger(value) ? Number(value) : undefined;
}
