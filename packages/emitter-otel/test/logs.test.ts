import { ODD_RUNS, recordedStream } from "@hivewatch/testkit";
import { describe, expect, it } from "vitest";
import {
  contextOf,
  dropout,
  eventsOf,
  type Fields,
  failure,
  finished,
  init,
  only,
  type Recording,
  record,
  roundEnd,
  roundStart,
  START,
  update,
} from "./recording.ts";

type LogRecord = Recording["records"][number];

/** What a record of one event says. */
function recordOf(fields: Fields): LogRecord {
  const { records } = record(eventsOf([0, init()], [1.5, fields]));
  const found = records[1];
  if (found === undefined || records.length > 2) throw new Error(`there are ${records.length - 1} records`);
  return found;
}

function attributesOf({ attributes }: LogRecord): Fields {
  const { "hivewatch.run.id": run, "log.record.uid": uid, ...others } = attributes;
  expect(run).toBe("r");
  expect(uid).toMatch(/^[\da-f]{32}$/);
  return others;
}

describe("a log record", () => {
  it.each<[string, string, Fields, Fields]>([
    [
      "hivewatch.client.dropout",
      "WARN",
      dropout("a", 3, { phase: "train" }),
      {
        "hivewatch.round": 3,
        "hivewatch.client.id": "a",
        "hivewatch.reason": "power cut",
        "hivewatch.phase": "train",
        "error.type": "dropped",
      },
    ],
    [
      "hivewatch.client.comm_failure",
      "WARN",
      failure("a", 0),
      { "hivewatch.round": 0, "hivewatch.client.id": "a", "hivewatch.reason": "reset", "error.type": "comm_failure" },
    ],
    [
      "hivewatch.client.failed",
      "WARN",
      update("a", 3, { status: "dropped" }),
      { "hivewatch.round": 3, "hivewatch.client.id": "a", "error.type": "dropped" },
    ],
    [
      "hivewatch.client.recovered",
      "INFO",
      { event_type: "client_recovered", round: 3, client_id: "a" },
      { "hivewatch.round": 3, "hivewatch.client.id": "a" },
    ],
    [
      "hivewatch.checkpoint",
      "INFO",
      { event_type: "checkpoint", round: 3, path: "models/3.pt" },
      { "hivewatch.round": 3, "file.path": "models/3.pt" },
    ],
    ["hivewatch.run.end", "INFO", finished(), { "hivewatch.run.status": "completed" }],
    [
      "hivewatch.run.end",
      "WARN",
      finished({ status: "aborted", reason: "stopped" }),
      { "hivewatch.run.status": "aborted", "hivewatch.reason": "stopped" },
    ],
    [
      "hivewatch.run.end",
      "ERROR",
      finished({ status: "lost" }),
      { "hivewatch.run.status": "lost", "error.type": "run_lost" },
    ],
    [
      "hivewatch.client.error",
      "WARN",
      { event_type: "client_error", client_id: "a", phase: "query", reason: "no" },
      {
        "hivewatch.client.id": "a",
        "hivewatch.phase": "query",
        "hivewatch.reason": "no",
        "error.type": "client_error",
      },
    ],
    [
      "hivewatch.adapter.error",
      "ERROR",
      { event_type: "adapter_error", adapter: "flower", step: "answered", reason: "KeyError" },
      {
        "hivewatch.adapter": "flower",
        "hivewatch.step": "answered",
        "hivewatch.reason": "KeyError",
        "error.type": "adapter_error",
      },
    ],
    [
      "hivewatch.events.dropped",
      "WARN",
      { event_type: "events_dropped", count: 12 },
      { "hivewatch.count": 12, "error.type": "events_dropped" },
    ],
    [
      "hivewatch.events.dropped",
      "WARN",
      { event_type: "events_dropped", unreadable_bytes: 77 },
      { "hivewatch.unreadable_bytes": 77, "error.type": "events_dropped" },
    ],
    [
      "hivewatch.log.damaged",
      "ERROR",
      { event_type: "log_damaged", count: 9, segment: "0001.log", byte_offset: 4096 },
      { "hivewatch.count": 9, "file.name": "0001.log", "hivewatch.byte_offset": 4096, "error.type": "log_damaged" },
    ],
  ])("%s is of severity %s", (eventName, severity, fields, attributes) => {
    const found = recordOf(fields);
    expect([found.eventName, found.severityText]).toEqual([eventName, severity]);
    expect(found.severityNumber).toBe({ INFO: 9, WARN: 13, ERROR: 17 }[severity]);
    expect(attributesOf(found)).toEqual(attributes);
    expect(found.hrTime).toEqual([START + 1, 500_000_000]);
  });

  it("of nothing but an unknown type is none", () => {
    expect(record(eventsOf([1, { event_type: "privacy_budget", round: 1 }])).records).toEqual([]);
  });

  it("has what is of no use left out", () => {
    const found = recordOf({ event_type: "events_dropped", count: "many", unreadable_bytes: null });
    expect(attributesOf(found)).toEqual({ "error.type": "events_dropped" });
  });

  it("is in the span of its round, else in that of the run", () => {
    const events = eventsOf(
      [0, init()],
      [1, roundStart(1)],
      [2, dropout("a", 1)],
      [3, roundEnd(1)],
      [4, { event_type: "checkpoint", round: 1, path: "x" }],
      [5, finished()],
    );
    const { spans, records } = record(events);
    const [run, round] = [contextOf(only(spans, "run")), contextOf(only(spans, "round"))];
    const contexts = records.map(({ spanContext }) => [spanContext?.traceId, spanContext?.spanId]);
    expect(contexts).toEqual([run, round, round, run]);
  });

  it("is in the same span after a restart", () => {
    const events = recordedStream("troubled");
    const idsOf = ({ records }: Recording) => records.map(({ spanContext }) => spanContext?.spanId);
    const whole = idsOf(record(events));
    for (let cut = 1; cut < events.length; cut++) {
      const before = idsOf(record(events.slice(0, cut)));
      expect([...before, ...idsOf(record(events.slice(cut), { recalled: events.slice(0, cut) }))]).toEqual(whole);
    }
  });

  it("has the same id each time, and another one than all others", () => {
    const uidsOf = () =>
      record(recordedStream("troubled")).records.map(({ attributes }) => attributes["log.record.uid"]);
    expect(uidsOf()).toEqual(uidsOf());
    expect(new Set(uidsOf()).size).toBe(uidsOf().length);
    expect(uidsOf().length).toBeGreaterThan(5);
  });

  it("is one for each client that dropped out", () => {
    const clients = [{ client_id: "a" }, { client_id: "b" }];
    const { records } = record(eventsOf([1, { event_type: "client_dropout", round: 1, clients, reason: "gone" }]));
    expect(records.map(({ body }) => body)).toEqual(["client a dropped out: gone", "client b dropped out: gone"]);
  });

  it("is one line for people, whatever clients are called, and never endless", () => {
    const { records } = record(ODD_RUNS["hostile ids and reasons"] ?? []);
    expect(records.length).toBeGreaterThan(30);
    for (const { body } of records) expect(body).not.toMatch(/[\p{Cc}\u202e]/u);
    const long = recordOf(dropout("a", 1, { reason: "x".repeat(100_000) }));
    expect(String(long.attributes["hivewatch.reason"]).length).toBeLessThanOrEqual(1024);
    expect(String(long.body).length).toBeLessThan(2000);
  });
});
