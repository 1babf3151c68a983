import { describe, expect, it } from "vitest";
import {
  checkClientMetrics,
  checkRoundMetrics,
  HiveWatchError,
  MAX_CLIENT_ID_LENGTH,
  parseEvent,
} from "../src/index.ts";

const BASE = { run_id: "run", timestamp: "2026-01-01T00:00:00.000000+00:00" };

/** What the error says that parsing throws. */
function refusal(fields: unknown): string {
  try {
    parseEvent(fields);
  } catch (error) {
    if (HiveWatchError.is(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "it was taken";
}

/** Each known type, with all that it needs and no more. */
const COMPLETE: Record<string, Record<string, unknown>> = {
  init: { started_at: "2026-01-01T00:00:00Z", algorithm: "FedAvg", config: { lr: 0.1, layers: [1, 2] } },
  server_metadata: { server: { city: "Geneva", lat: 46.2, lng: 6.1 } },
  round_start: { round: 1, selected: ["a", "b"] },
  client_update: { round: 1, clients: [{ client_id: "a", round: 1, local_loss: 0.5, status: "active" }] },
  client_metric: { round: 1, clients: [{ client_id: "a", "eval/accuracy": 0.5 }] },
  client_dropout: { round: 1, clients: [{ client_id: "a", status: "dropped" }], reason: "power failure" },
  comm_failure: { round: 1, client_id: "a", reason: "timeout" },
  client_recovered: { round: 1, client_id: "a" },
  round_end: { round: 1, round_metrics: { global_loss: 0.5 }, clients: [] },
  checkpoint: { round: 1, path: "model.bin", metadata: { epoch: 3 } },
  evaluation: { round: 1, source: "cross_site", metrics: { accuracy: 0.5 } },
  finished: { status: "failed", reason: "out of memory" },
};

describe("parseEvent", () => {
  it.each(Object.entries(COMPLETE))("returns a complete %s as it is", (type, fields) => {
    const event = { event_type: type, ...BASE, ...fields };
    expect(parseEvent(event)).toEqual(event);
  });

  it.each(Object.entries(COMPLETE))("keeps unknown fields of %s, at both levels", (type, fields) => {
    const event = parseEvent({ event_type: type, ...BASE, ...fields, hospital: { beds: [1, null, "x"] } });
    expect(event.hospital).toEqual({ beds: [1, null, "x"] });
  });

  it("keeps events of unknown types, with their round and clients checked", () => {
    const event = { event_type: "privacy_budget", ...BASE, round: 0, epsilon: 1.5, clients: [{ client_id: "a" }] };
    expect(parseEvent(event)).toEqual(event);
    expect(refusal({ ...event, round: -1 })).toContain(
      "privacy_budget.round must be a whole number from 0, but it is -1",
    );
    expect(refusal({ ...event, clients: null })).toContain("clients must be a list of objects, but it is null");
  });

  it.each(["constructor", "toString", "__proto__", "hasOwnProperty"])("takes %s as an unknown type", (type) => {
    expect(parseEvent({ event_type: type, ...BASE })).toEqual({ event_type: type, ...BASE });
  });

  it("fills in what older writers left out", () => {
    const started = "2026-01-01T00:00:00";
    expect(parseEvent({ event_type: "init", run_id: "run", started_at: started })).toEqual({
      event_type: "init",
      run_id: "run",
      started_at: started,
      timestamp: started,
      algorithm: "unknown",
      config: {},
    });
    expect(parseEvent({ event_type: "client_dropout", ...BASE, round: 1, clients: [], reason: null }).reason).toBe(
      "unknown",
    );
    expect(parseEvent({ event_type: "round_end", ...BASE, round: 1 })).toMatchObject({
      round_metrics: {},
      clients: [],
    });
    expect(parseEvent({ event_type: "client_update", ...BASE, clients: [] }).round).toBeNull();
  });

  it("knows no status or reason where a writer says null", () => {
    const event = parseEvent({ event_type: "finished", ...BASE, status: null, reason: null });
    expect([event.status, event.reason]).toEqual([undefined, undefined]);
    expect(parseEvent({ event_type: "round_start", ...BASE, round: 1, selected: null }).selected).toBeUndefined();
  });

  it("takes a client that sends a result as active unless it says otherwise", () => {
    const clients = [{ client_id: "a" }, { client_id: "b", status: null }, { client_id: "c", status: "idle" }];
    const event = parseEvent({ event_type: "client_update", ...BASE, round: 1, clients });
    expect(event.clients).toMatchObject([{ status: "active" }, { status: "active" }, { status: "idle" }]);
    expect(parseEvent({ event_type: "client_metric", ...BASE, round: 1, clients }).clients).toEqual(clients);
  });

  it("reads the names of non-finite numbers as numbers, in metrics of any depth", () => {
    const update = parseEvent({
      event_type: "client_update",
      ...BASE,
      round: 1,
      clients: [{ client_id: "NaN", city: "Infinity", local_loss: "NaN", custom: "-Infinity", per_class: ["NaN", 1] }],
    });
    expect(update.clients).toMatchObject([
      {
        client_id: "NaN",
        city: "Infinity",
        local_loss: Number.NaN,
        custom: Number.NEGATIVE_INFINITY,
        per_class: [Number.NaN, 1],
      },
    ]);
    const end = parseEvent({
      event_type: "round_end",
      ...BASE,
      round: 1,
      round_metrics: { global_loss: "Infinity", algorithm_metadata: { server_lr: "NaN" } },
    });
    expect(end.round_metrics).toEqual({
      global_loss: Number.POSITIVE_INFINITY,
      algorithm_metadata: { server_lr: Number.NaN },
    });
    const evaluation = parseEvent({
      event_type: "evaluation",
      ...BASE,
      round: 1,
      source: "cross_site",
      metrics: { "site-1": { loss: "NaN" } },
    });
    expect(evaluation.metrics).toEqual({ "site-1": { loss: Number.NaN } });
  });

  it("leaves other texts alone", () => {
    const config = { note: "NaN" };
    expect(parseEvent({ event_type: "init", ...BASE, config }).config).toEqual(config);
  });

  it("takes numbers as ids, as Python programs give them, and 64-bit ones as text", () => {
    const event = parseEvent({ event_type: "comm_failure", ...BASE, round: 0, client_id: 7, reason: "x" });
    expect(event.client_id).toBe("7");
    const big = "17293822569102704640";
    expect(parseEvent({ event_type: "round_start", ...BASE, round: 0, selected: [big, 3] }).selected).toEqual([
      big,
      "3",
    ]);
  });

  it("takes round 0 and a result of no round", () => {
    expect(parseEvent({ event_type: "round_start", ...BASE, round: 0 }).round).toBe(0);
    expect(parseEvent({ event_type: "client_update", ...BASE, round: null, clients: [] }).round).toBeNull();
  });

  it("takes a result whose place is NaN", () => {
    const clients = [{ client_id: "a", lat: "NaN", lng: "NaN", local_loss: 1 }];
    const event = parseEvent({ event_type: "client_metric", ...BASE, round: 1, clients });
    expect(event.clients).toEqual([{ client_id: "a", lat: Number.NaN, lng: Number.NaN, local_loss: 1 }]);
  });

  it("is not harmed by __proto__", () => {
    const hostile =
      JSON.parse(`{"event_type":"client_update","run_id":"run","timestamp":"2026-01-01T00:00:00Z","round":1,
      "__proto__":{"a":1},"clients":[{"client_id":"a","__proto__":{"b":1},"nested":{"__proto__":{"c":1}}}]}`);
    const event = parseEvent(hostile);
    expect([event.a, event.b, Reflect.get({}, "a"), Reflect.get({}, "b")]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(Object.hasOwn(event, "__proto__")).toBe(false);
    expect(event.clients).toEqual([{ client_id: "a", nested: {}, status: "active" }]);
  });

  it("shares nothing with what it was given", () => {
    const given = {
      event_type: "init",
      ...BASE,
      config: { optimizer: { lr: 0.1 }, layers: [[1], [2]] },
    };
    const before = structuredClone(given);
    const event = parseEvent(given);
    given.config.optimizer.lr = 9;
    given.config.layers[0]?.push(9);
    expect(event.config).toEqual(before.config);
  });

  it("refuses what contains itself, and what is nested absurdly", () => {
    const config: Record<string, unknown> = {};
    config.self = config;
    expect(refusal({ event_type: "init", ...BASE, config })).toContain(
      "config must not be nested more than 64 levels deep",
    );
    let deep: unknown = 0;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(refusal({ event_type: "anything", ...BASE, deep })).toContain("deep must not be nested");
    expect(refusal({ event_type: deep, ...BASE })).toContain("event_type must be");
    expect(refusal({ event_type: "round_start", ...BASE, round: deep })).toContain("round_start.round must be");
  });

  it("keeps objects that are more than their fields", () => {
    const date = new Date(0);
    const weights = new Float32Array(2);
    expect(parseEvent({ event_type: "init", ...BASE, config: { date, weights } }).config).toEqual({ date, weights });
  });

  it.each([
    [null, "an event must be an object, but it is null"],
    [[], "an event must be an object, but it is []"],
    [{ ...BASE }, "event_type must be a word of up to 64 characters, but it is missing"],
    [{ event_type: "", ...BASE }, 'event_type must be a word of up to 64 characters, but it is ""'],
    [{ event_type: "x".repeat(65), ...BASE }, "event_type must be"],
    [{ event_type: "finished", run_id: "run" }, "timestamp must be an ISO 8601 time"],
    [{ event_type: "finished", run_id: "run", timestamp: "yesterday" }, 'but it is "yesterday"'],
    [{ event_type: "finished", run_id: "run", timestamp: 17 }, "but it is 17"],
    [
      { event_type: "init", ...BASE, started_at: "soon" },
      'started_at must be an ISO 8601 time like 2026-11-23T07:43:20.337352+00:00, but it is "soon"',
    ],
    [{ event_type: "init", ...BASE, config: "fast" }, 'config must be an object, but it is "fast"'],
    [{ event_type: "init", ...BASE, algorithm: 5 }, "algorithm must be text, but it is 5"],
    [{ event_type: "server_metadata", ...BASE, server: [] }, "server must be an object, but it is []"],
    [{ event_type: "round_start", ...BASE }, "round must be a whole number from 0, but it is missing"],
    [{ event_type: "round_start", ...BASE, round: null }, "round must be a whole number from 0, but it is null"],
    [
      { event_type: "round_start", ...BASE, round: 1.5 },
      "round_start.round must be a whole number from 0, but it is 1.5",
    ],
    [{ event_type: "round_start", ...BASE, round: "1" }, 'but it is "1"'],
    [
      { event_type: "round_start", ...BASE, round: 1, selected: "a" },
      'selected must be a list of client ids, but it is "a"',
    ],
    [
      { event_type: "round_start", ...BASE, round: 1, selected: ["a", {}] },
      "selected[1] must be text of 1 to 256 characters, but it is {}",
    ],
    [{ event_type: "client_update", ...BASE, round: 1 }, "clients must be a list of objects, but it is missing"],
    [
      { event_type: "client_update", ...BASE, clients: [{}] },
      "clients[0].client_id must be text of 1 to 256 characters, but it is missing",
    ],
    [{ event_type: "client_update", ...BASE, clients: [{ client_id: "" }] }, "clients[0].client_id"],
    [
      { event_type: "client_update", ...BASE, clients: [{ client_id: "a" }, { client_id: "b", local_loss: "low" }] },
      'clients[1].local_loss must be a number, but it is "low"',
    ],
    [
      { event_type: "client_update", ...BASE, clients: [{ client_id: "a", city: 5 }] },
      "clients[0].city must be text, but it is 5",
    ],
    [
      { event_type: "client_update", ...BASE, clients: [{ client_id: "a", round: 0.5 }] },
      "clients[0].round must be a whole number from 0, but it is 0.5",
    ],
    [
      { event_type: "client_update", ...BASE, clients: [{ client_id: "a", lat: 90.1 }] },
      "clients[0].lat must be degrees from -90 to 90, but it is 90.1",
    ],
    [
      { event_type: "client_update", ...BASE, clients: [{ client_id: "a", lng: -181 }] },
      "clients[0].lng must be degrees from -180 to 180, but it is -181",
    ],
    [{ event_type: "client_dropout", ...BASE, round: 1, clients: [], reason: 5 }, "reason must be text, but it is 5"],
    [
      { event_type: "comm_failure", ...BASE, round: 1 },
      "client_id must be text of 1 to 256 characters, but it is missing",
    ],
    [{ event_type: "round_end", ...BASE, round: 1, round_metrics: 5 }, "round_metrics must be an object, but it is 5"],
    [
      { event_type: "round_end", ...BASE, round: 1, round_metrics: { global_loss: [] } },
      "round_metrics.global_loss must be a number, but it is []",
    ],
    [
      { event_type: "round_end", ...BASE, round: 1, round_metrics: { algorithm_metadata: "x" } },
      "round_metrics.algorithm_metadata must be an object",
    ],
    [{ event_type: "checkpoint", ...BASE, round: 1 }, "path must be text, but it is missing"],
    [
      { event_type: "checkpoint", ...BASE, round: 1, path: "x", metadata: 5 },
      "metadata must be an object, but it is 5",
    ],
    [{ event_type: "evaluation", ...BASE, round: 1 }, "source must be text, but it is missing"],
    [
      { event_type: "finished", ...BASE, status: "done" },
      'status must be one of completed, failed, aborted, lost, but it is "done"',
    ],
    [{ event_type: "finished", ...BASE, reason: {} }, "reason must be text, but it is {}"],
  ])("refuses %j, naming the field and its value", (fields, message) => {
    expect(refusal(fields)).toMatch(/^invalid_event: \[hivewatch\] /);
    expect(refusal(fields)).toContain(message);
  });

  it("refuses a run id that could not be a file's name", () => {
    expect(refusal({ event_type: "finished", ...BASE, run_id: "../x" })).toContain(
      'invalid_run_id: [hivewatch] run id "../x"',
    );
  });

  it("shows a long value shortened, on one line", () => {
    const message = refusal({ event_type: "finished", ...BASE, status: `a\n${"b".repeat(1000)}` });
    expect(message).not.toContain("\n");
    expect(message.length).toBeLessThan(250);
  });

  it("bounds the length of a client's id", () => {
    expect(checkClientMetrics({ client_id: "x".repeat(MAX_CLIENT_ID_LENGTH) }).client_id).toHaveLength(256);
    expect(() => checkClientMetrics({ client_id: "x".repeat(MAX_CLIENT_ID_LENGTH + 1) })).toThrow("client.client_id");
  });
});

describe("checkRoundMetrics", () => {
  it("takes nulls and further fields", () => {
    const metrics = { global_accuracy: null, fairness: 0.4, global_source: "central" };
    expect(checkRoundMetrics(metrics)).toEqual(metrics);
  });
});
