import { type HiveEvent, parseEvent } from "@hivewatch/core";
import { newSeed, randomFrom, soak, syntheticRun } from "@hivewatch/test-support";
import { ODD_RUNS, RECORDED_STREAMS, recordedStream } from "@hivewatch/testkit";
import { SpanStatusCode } from "@opentelemetry/api";
import { AlwaysOffSampler, ParentBasedSampler } from "@opentelemetry/sdk-trace";
import { describe, expect, it } from "vitest";
import {
  contextOf,
  dropout,
  eventsOf,
  type Fields,
  failure,
  finished,
  init,
  linksOf,
  named,
  only,
  picture,
  record,
  roundEnd,
  roundStart,
  times,
  update,
} from "./recording.ts";

describe("a round", () => {
  const events = eventsOf(
    [0, init()],
    [1, roundStart(1, { selected: ["a", "b", "c"] })],
    [
      6,
      update("a", 1, {
        train_time_sec: 3,
        network_latency_ms: 500,
        round_trip_sec: 4.5,
        local_loss: 0.5,
        base_round: 0,
      }),
    ],
    [7, update("b", 1, { train_time_sec: 2, local_accuracy: Number.NaN, gradient_norm: Number.POSITIVE_INFINITY })],
    [8, dropout("c", 1)],
    [
      10,
      roundEnd(1, { global_accuracy: 0.9, aggregation_time_sec: 1.5, global_loss: Number.NaN, round_duration_sec: 9 }),
    ],
    [12, finished()],
  );
  const { spans } = record(events);

  it("has a trace, with its own span, each client's and the aggregation's, at their true times", () => {
    const round = only(spans, "round");
    const inTrace = spans.filter((span) => span.spanContext().traceId === round.spanContext().traceId);
    expect(round.parentSpanContext).toBeUndefined();
    expect(inTrace.map(({ name }) => name).sort()).toEqual(
      ["aggregate", "assign", "client", "client", "client", "round", "train", "train", "upload"].sort(),
    );
    expect(times(round)).toEqual([1, 10]);
    expect(named(spans, "client").map(times)).toEqual([
      [1.5, 6],
      [1, 7],
      [1, 8],
    ]);
    expect(named(spans, "train").map(times)).toEqual([
      [2.5, 5.5],
      [5, 7],
    ]);
    expect(times(only(spans, "assign"))).toEqual([1.5, 2.5]);
    expect(times(only(spans, "upload"))).toEqual([5.5, 6]);
    expect(times(only(spans, "aggregate"))).toEqual([8, 9.5]);
    const [a] = named(spans, "client");
    expect(a?.parentSpanContext?.spanId).toBe(round.spanContext().spanId);
    expect(only(spans, "upload").parentSpanContext?.spanId).toBe(a?.spanContext().spanId);
  });

  it("says what was reported, and nothing else", () => {
    expect(only(spans, "round").attributes).toEqual({
      "hivewatch.run.id": "r",
      "hivewatch.round": 1,
      "hivewatch.round_metrics.global_accuracy": 0.9,
      "hivewatch.round_metrics.num_selected": 3,
      "hivewatch.round_metrics.aggregation_time_sec": 1.5,
      "hivewatch.round_metrics.round_duration_sec": 9,
      "hivewatch.non_finite": ["global_loss=NaN"],
      "hivewatch.reports": 3,
      "hivewatch.reports_failed": 1,
    });
    const [a, b, c] = named(spans, "client");
    const identity = { "hivewatch.run.id": "r", "hivewatch.round": 1 };
    expect(a?.attributes).toEqual({
      ...identity,
      "hivewatch.client.id": "a",
      "hivewatch.client.status": "active",
      "hivewatch.client.local_loss": 0.5,
      "hivewatch.client.base_round": 0,
      "hivewatch.client.staleness": 1,
      "hivewatch.client.train_time_sec": 3,
      "hivewatch.client.network_latency_ms": 500,
    });
    expect(b?.attributes["hivewatch.non_finite"]).toEqual(["local_accuracy=NaN", "gradient_norm=Infinity"]);
    expect(c?.attributes).toEqual({
      ...identity,
      "hivewatch.client.id": "c",
      "hivewatch.client.status": "dropped",
      "error.type": "dropped",
    });
    expect([a?.status.code, c?.status]).toEqual([
      SpanStatusCode.UNSET,
      { code: SpanStatusCode.ERROR, message: "power cut" },
    ]);
  });

  it("is linked to the run, and its summary in the run's trace to it", () => {
    const [run, round, summary] = [only(spans, "run"), only(spans, "round"), only(spans, "round summary")];
    expect(times(run)).toEqual([0, 12]);
    expect(linksOf(round)).toEqual([contextOf(run)]);
    expect(linksOf(summary)).toEqual([contextOf(round)]);
    expect(summary.parentSpanContext?.spanId).toBe(run.spanContext().spanId);
    expect(times(summary)).toEqual(times(round));
    expect(summary.attributes).toEqual(round.attributes);
    expect(run.attributes).toEqual({
      "hivewatch.run.id": "r",
      "hivewatch.strategy": "FedAvg",
      "hivewatch.run.status": "completed",
    });
  });
});

it("a failure in another phase than training doesn't move the aggregation", () => {
  const { spans } = record(
    eventsOf(
      [0, init()],
      [1, roundStart(1)],
      [2, update("a", 1)],
      [6, dropout("a", 1, { phase: "evaluate" })],
      [9, roundEnd(1, { aggregation_time_sec: 1 })],
    ),
  );
  expect(times(only(spans, "aggregate"))).toEqual([2, 3]);
  expect(named(spans, "client").map(({ attributes }) => attributes["hivewatch.phase"])).toEqual([
    undefined,
    "evaluate",
  ]);
});

describe("a client's time", () => {
  const timesOf = (fields: Fields, hasStart = true): Record<string, [number, number]> => {
    const start: [number, Fields][] = hasStart ? [[10, roundStart(1)]] : [];
    const events = eventsOf([0, init()], ...start, [20, update("a", 1, fields)], [21, roundEnd(1)]);
    const names = ["client", "assign", "train", "upload"];
    return Object.fromEntries(
      record(events)
        .spans.filter(({ name }) => names.includes(name))
        .map((span) => [span.name, times(span)]),
    );
  };

  it.each<[string, Fields, boolean, Record<string, [number, number]>]>([
    ["is that of its round until its report, if nothing else is known", {}, true, { client: [10, 20] }],
    ["is a moment if not even that is known", {}, false, { client: [20, 20] }],
    ["begins with its training", { train_time_sec: 4 }, false, { client: [16, 20], train: [16, 20] }],
    ["begins when it was asked", { round_trip_sec: 5 }, true, { client: [15, 20] }],
    ["may begin before the round", { train_time_sec: 15 }, true, { client: [5, 20], train: [5, 20] }],
    ["doesn't begin before the run", { train_time_sec: 25, round_trip_sec: 1e300 }, true, { client: [10, 20] }],
    [
      "has no training that is longer than the round trip",
      { train_time_sec: 6, round_trip_sec: 5 },
      true,
      { client: [15, 20] },
    ],
    [
      "is not told by what is no time",
      { train_time_sec: Number.NaN, network_latency_ms: -1, round_trip_sec: "5" },
      true,
      { client: [10, 20] },
    ],
    [
      "has its phases where all is known",
      { train_time_sec: 4, network_latency_ms: 1000 },
      true,
      { client: [10, 20], assign: [10, 15], train: [15, 19], upload: [19, 20] },
    ],
  ])("%s", (_, fields, hasStart, expected) => {
    expect(timesOf(fields, hasStart)).toEqual(expected);
  });
});

describe("of more clients than there is room for", () => {
  const clients = 1000;
  const failing = (i: number): boolean => i % 20 === 3;
  const events = (round: number): HiveEvent[] =>
    eventsOf(
      [0, init()],
      [1, roundStart(round)],
      ...Array.from({ length: clients }, (_, i): [number, Fields] => [
        60,
        failing(i) ? failure(`c${i}`, round) : update(`c${i}`, round, { round_trip_sec: 1 + (i % 500) / 100 }),
      ]),
      [61, roundEnd(round)],
    );
  const clientSpans = (round: number, maxClientSpans: number) =>
    named(record(events(round), { maxClientSpans }).spans, "client");
  const countOf = (spans: ReturnType<typeof clientSpans>): number =>
    spans.reduce((sum, { attributes }) => sum + Number(attributes["hivewatch.adjusted_count"]), 0);

  it.each([2, 3, 10, 99, 100, 500, 999])("%i spans stand for all of them", (most) => {
    const spans = clientSpans(1, most);
    expect(spans).toHaveLength(most);
    expect(countOf(spans)).toBeCloseTo(clients, 6);
    const failed = spans.filter(({ attributes }) => attributes["error.type"] !== undefined);
    expect(countOf(failed)).toBeCloseTo(50, 6);
  });

  it("each has a span if there is room, which stands for itself", () => {
    const spans = clientSpans(1, clients);
    expect(spans).toHaveLength(clients);
    expect(spans.some(({ attributes }) => "hivewatch.adjusted_count" in attributes)).toBe(false);
  });

  it("the failed, the slowest and a sample have spans, and the round says how many there were", () => {
    const { spans } = record(events(1), { maxClientSpans: 120 });
    expect(only(spans, "round").attributes).toMatchObject({
      "hivewatch.reports": 1000,
      "hivewatch.reports_failed": 50,
    });
    const clientsOf = (isFailed: boolean) =>
      named(spans, "client").filter(({ status }) => (status.code === SpanStatusCode.ERROR) === isFailed);
    const countOfOne = ({ attributes }: (typeof spans)[number]) => attributes["hivewatch.adjusted_count"];
    expect(clientsOf(true).map(countOfOne)).toEqual(Array(50).fill(1));

    const lengthOf = (i: number): number => 1 + (i % 500) / 100;
    const lengths = Array.from({ length: clients }, (_, i) => i)
      .filter((i) => !failing(i))
      .map(lengthOf);
    const slowest = clientsOf(false).filter((span) => countOfOne(span) === 1);
    expect(
      slowest
        .map((span) => times(span)[1] - times(span)[0])
        .sort()
        .map((length) => length.toFixed(2)),
    ).toEqual(
      lengths
        .sort()
        .slice(-35)
        .map((length) => length.toFixed(2)),
    );
    expect(clientsOf(false).filter((span) => countOfOne(span) === (950 - 35) / 35)).toHaveLength(35);
  });

  it("the sample is of the same clients in each round", () => {
    const idsOf = (round: number) => clientSpans(round, 40).map(({ attributes }) => attributes["hivewatch.client.id"]);
    expect(idsOf(2)).toEqual(idsOf(1));
  });
});

it("20,000 clients in one tick have as many spans as there is room for", () => {
  const clients = Array.from({ length: 20_000 }, (_, i): [number, Fields] => [
    2,
    update(`c${i}`, 1, { train_time_sec: 1 }),
  ]);
  const events = eventsOf([0, init()], [1, roundStart(1)], ...clients, [3, roundEnd(1)]);
  expect(named(record(events, { maxClientSpans: 100 }).spans, "client")).toHaveLength(100);
  expect(named(record(events, { maxClientSpans: 20_000 }).spans, "client")).toHaveLength(20_000);
});

describe("ids", () => {
  it.each(RECORDED_STREAMS)("of the recorded run %s are the same each time, wherever it was cut", (name) => {
    const events = recordedStream(name);
    const whole = picture(record(events).spans);
    expect(picture(record(events).spans)).toEqual(whole);
    for (let cut = 1; cut < events.length; cut++) {
      const before = record(events.slice(0, cut)).spans;
      const after = record(events.slice(cut), { recalled: events.slice(0, cut) }).spans;
      expect(picture([...before, ...after])).toEqual(whole);
    }
  });

  it("are the same for large runs, wherever they were cut", () => {
    const seed = newSeed();
    const events = [...syntheticRun({ runId: "r", clients: 60, rounds: 4, seed })].map(parseEvent);
    const cut = randomFrom(seed).below(events.length);
    const options = { maxClientSpans: 10 };
    const whole = picture(record(events, options).spans);
    const before = record(events.slice(0, cut), options).spans;
    const after = record(events.slice(cut), { ...options, recalled: events.slice(0, cut) }).spans;
    expect(picture([...before, ...after])).toEqual(whole);
  });

  it.each(Object.entries(ODD_RUNS))("are different for all spans: %s", (_, events) => {
    const { spans } = record(events, { maxClientSpans: 3000 });
    const ids = spans.map((span) => span.spanContext().spanId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => /^[\da-f]{16}$/.test(id) && !/^0+$/.test(id))).toBe(true);
    for (const { startTime, endTime } of spans) {
      expect(endTime[0] + endTime[1] / 1e9).toBeGreaterThanOrEqual(startTime[0] + startTime[1] / 1e9);
    }
  });

  it("are different for clients whose ids only halves of characters tell apart", () => {
    const events = eventsOf([0, init()], [1, update("\ud800", 1)], [1, update("\ud801", 1)], [2, roundEnd(1)]);
    const clients = named(record(events).spans, "client");
    expect(new Set(clients.map((span) => span.spanContext().spanId)).size).toBe(2);
    expect(clients.map(({ attributes }) => attributes["hivewatch.client.id"])).toEqual(["\ufffd", "\ufffd"]);
  });
});

describe("rounds", () => {
  const roundsOf = (spans: ReturnType<typeof record>["spans"]) =>
    named(spans, "round").map((span) => [
      span.attributes["hivewatch.round"],
      span.attributes["hivewatch.round_attempt"] ?? 1,
      times(span),
      span.attributes["hivewatch.reports"],
    ]);

  it("may interleave", () => {
    const { spans } = record(
      eventsOf(
        [0, init()],
        [1, roundStart(2)],
        [2, roundStart(1)],
        [3, update("a", 1)],
        [4, update("a", 2)],
        [5, roundEnd(2)],
        [6, roundEnd(1)],
      ),
    );
    expect(roundsOf(spans)).toEqual([
      [2, 1, [1, 5], 1],
      [1, 1, [2, 6], 1],
    ]);
  });

  it("are new ones when they start after their end, and when the program was started again", () => {
    const { spans } = record(
      eventsOf(
        [0, init()],
        [1, roundStart(1)],
        [2, roundEnd(1)],
        [3, roundStart(1)],
        [4, roundEnd(1)],
        [5, roundStart(2)],
        [6, update("a", 2)],
        [7, init()],
        [8, update("a", 1)],
        [9, roundStart(2)],
        [10, roundEnd(2)],
        [11, roundEnd(1)],
      ),
    );
    expect(roundsOf(spans)).toEqual([
      [1, 1, [1, 2], 0],
      [1, 2, [3, 4], 0],
      [2, 1, [5, 6], 1],
      [2, 2, [9, 10], 0],
      [1, 3, [8, 11], 1],
    ]);
    expect(named(spans, "round").map(({ attributes }) => attributes["hivewatch.round_unfinished"] ?? false)).toEqual([
      false,
      false,
      true,
      false,
      false,
    ]);
    expect(new Set(named(spans, "round").map((span) => span.spanContext().traceId)).size).toBe(5);
  });

  it("are told of twice without being new: a start in another phase, a second end", () => {
    const { spans } = record(
      eventsOf(
        [0, init()],
        [1, roundStart(1)],
        [2, roundStart(1, { selected: ["a", "b"] })],
        [3, roundEnd(1)],
        [4, roundEnd(1)],
      ),
    );
    expect(roundsOf(spans)).toEqual([[1, 1, [1, 3], 0]]);
    expect(only(spans, "round").attributes["hivewatch.round_metrics.num_selected"]).toBe(2);
  });

  it("have of many that come late the first ones, and it is told once that there are more", () => {
    const late = [1, 2].flatMap((round) => [
      [10 * round, roundEnd(round)] as const,
      ...["a", "b", "c", "d"].map((client) => [10 * round + 1, update(client, round)] as const),
    ]);
    const { spans, said } = record(eventsOf([0, init()], ...late), { maxClientSpans: 2 });
    expect(named(spans, "client")).toHaveLength(4);
    expect(said).toEqual([expect.stringContaining("the first 2 reports of clients have spans")]);
    expect(record([], { maxClientSpans: 2, recalled: eventsOf([0, init()], ...late) }).said).toEqual([]);
  });

  it("have summaries in the run's trace up to a number, and it is told once that there are more", () => {
    const rounds = Array.from({ length: 10_002 }, (_, round) => [round, roundEnd(round)] as const);
    const { spans, said } = record(eventsOf([0, init()], ...rounds));
    expect(named(spans, "round")).toHaveLength(10_002);
    expect(named(spans, "round summary")).toHaveLength(10_000);
    expect(said).toEqual([expect.stringContaining("the first 10000 a summary")]);
  });

  it("have clients that come late, in the same trace", () => {
    const { spans } = record(
      eventsOf(
        [0, init()],
        [1, roundStart(1)],
        [2, roundEnd(1)],
        [4, update("a", 1)],
        [5, update("a", 1)],
        [6, dropout("b", 1)],
      ),
      { maxClientSpans: 2 },
    );
    const round = only(spans, "round");
    expect(named(spans, "client").map((span) => [span.parentSpanContext?.spanId, times(span)])).toEqual([
      [round.spanContext().spanId, [1, 4]],
      [round.spanContext().spanId, [1, 5]],
    ]);
    expect(named(spans, "client").every(({ attributes }) => attributes["hivewatch.client.late"] === true)).toBe(true);
  });

  it("without a start begin as their duration says, or with the first that is known of them", () => {
    const events = eventsOf(
      [0, init()],
      [10, update("a", 1, { train_time_sec: 4 })],
      [12, roundEnd(1)],
      [20, roundEnd(2, { round_duration_sec: 5 })],
      [21, roundEnd(3, { round_duration_sec: 1e9, aggregation_time_sec: 1e9 })],
    );
    expect(roundsOf(record(events).spans)).toEqual([
      [1, 1, [6, 12], 1],
      [2, 1, [15, 20], 0],
      [3, 1, [21, 21], 0],
    ]);
    expect(named(record(events).spans, "aggregate")).toEqual([]);
  });

  it("that never end do so with the run, and have failed with it", () => {
    const events = eventsOf(
      [0, init()],
      [1, roundStart(1)],
      [2, update("a", 1)],
      [5, finished({ status: "failed", reason: "disk full" })],
    );
    const { spans } = record(events);
    const round = only(spans, "round");
    expect(times(round)).toEqual([1, 5]);
    expect(round.attributes).toMatchObject({ "hivewatch.round_unfinished": true, "error.type": "run_failed" });
    for (const span of [round, only(spans, "run")]) {
      expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: "disk full" });
    }
  });

  it("of a run that ends well, or is stopped, have not failed", () => {
    for (const status of ["completed", "aborted"]) {
      const { spans } = record(eventsOf([0, init()], [1, roundStart(1)], [5, finished({ status })]));
      expect(only(spans, "round").attributes["hivewatch.round_unfinished"]).toBe(true);
      expect(spans.every((span) => span.status.code === SpanStatusCode.UNSET)).toBe(true);
    }
  });

  it("of an asynchronous run that ends none of them are ended, oldest first", () => {
    const rounds = Array.from({ length: 150 }, (_, i): [number, Fields] => [i + 1, update("a", i)]);
    const { spans } = record(eventsOf([0, init()], ...rounds));
    expect(roundsOf(spans).map(([round]) => round)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(times(named(spans, "round")[7] ?? only(spans, "none"))).toEqual([8, 8]);
  });

  it("older names of figures are read", () => {
    const { spans } = record(eventsOf([0, init()], [1, roundEnd(1, { gradient_divergence: 2 })]));
    expect(only(spans, "round").attributes["hivewatch.round_metrics.gradient_norm_dispersion"]).toBe(2);
  });
});

describe("a run", () => {
  it("that goes on after its end has another span, linked to the first", () => {
    const { spans } = record(
      eventsOf([0, init()], [1, finished({ status: "failed" })], [5, init()], [6, roundEnd(1)], [7, finished()]),
    );
    const [first, second] = named(spans, "run");
    expect([first, second].map((run) => run && times(run))).toEqual([
      [0, 1],
      [5, 7],
    ]);
    expect(second?.attributes["hivewatch.run.attempt"]).toBe(2);
    expect(second && linksOf(second)).toEqual([first && contextOf(first)]);
    expect(linksOf(only(spans, "round"))).toEqual([second && contextOf(second)]);
  });

  it("whose beginning isn't there begins with what is", () => {
    const { spans } = record(eventsOf([3, roundStart(1)], [4, roundEnd(1)], [5, finished()]));
    expect(times(only(spans, "run"))).toEqual([3, 5]);
  });

  it("makes nothing of what is recalled", () => {
    expect(record([], { recalled: recordedStream("troubled") })).toEqual({ spans: [], records: [], said: [] });
  });

  it("is in the trace that its program was in", () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const { spans } = record(
      eventsOf(
        [0, init({ traceparent, tracestate: "vendor=1" })],
        [1, roundStart(1)],
        [2, roundEnd(1)],
        [3, finished()],
      ),
    );
    const run = only(spans, "run");
    expect(run.spanContext().traceId).toBe("0af7651916cd43dd8448eb211c80319c");
    expect(run.parentSpanContext?.spanId).toBe("b7ad6b7169203331");
    expect(run.spanContext().traceState?.serialize()).toBe("vendor=1");
    expect(only(spans, "round summary").spanContext().traceId).toBe(run.spanContext().traceId);
    expect(only(spans, "round").spanContext().traceId).not.toBe(run.spanContext().traceId);
    expect(linksOf(only(spans, "round"))).toEqual([contextOf(run)]);
  });

  it("is linked to that of a program that goes on with it", () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const { spans } = record(eventsOf([0, init()], [1, roundEnd(1)], [2, init({ traceparent })], [3, finished()]));
    expect(linksOf(only(spans, "run"))).toEqual([["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"]]);
  });
});

it("a client's span is linked to the trace that the client was in", () => {
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
  const { spans } = record(
    eventsOf(
      [0, init()],
      [1, update("a", 1, { traceparent })],
      [1, update("b", 1, { traceparent: "x" })],
      [2, roundEnd(1)],
    ),
  );
  expect(named(spans, "client").map(linksOf)).toEqual([[["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"]], []]);
});

it("times that OTLP has no number for are the nearest that it has", () => {
  const extreme = (event_type: string, timestamp: string) =>
    parseEvent({ event_type, run_id: "r", round: 1, timestamp });
  const { spans } = record([
    extreme("round_start", "0001-01-01T00:00:00Z"),
    extreme("round_end", "9999-12-31T23:59:59Z"),
  ]);
  const { startTime, endTime } = only(spans, "round");
  expect(startTime).toEqual([0, 0]);
  expect(BigInt(endTime[0]) * 1_000_000_000n + BigInt(endTime[1])).toBeLessThan(2n ** 63n);
});

it("whatever happens in whatever order, and wherever it is cut, spans are whole", () => {
  const random = randomFrom(newSeed());
  for (let run = 0; run < soak(60, 3000); run++) {
    const events = eventsOf(
      ...Array.from({ length: 80 }, (_, second): [number, Fields] => {
        const [round, client] = [random.below(4), `c${random.below(12)}`];
        const some = random.below(100);
        if (some < 3) return [second, init()];
        if (some < 5) return [second, finished({ status: random.pick(["completed", "failed", "aborted", "lost"]) })];
        if (some < 15) return [second, roundStart(round)];
        if (some < 25) return [second, roundEnd(round, { aggregation_time_sec: random.below(3) })];
        if (some < 35) return [second, random.pick([dropout, failure])(client, round)];
        return [
          second,
          update(client, round, { train_time_sec: random.below(9), network_latency_ms: random.below(999) }),
        ];
      }),
      [80, finished()],
    );
    const options = { maxClientSpans: 2 + random.below(6) };
    const { spans, records } = record(events, options);
    const byId = new Map(spans.map((span) => [span.spanContext().spanId, span]));
    expect(byId.size).toBe(spans.length);
    for (const span of spans) {
      const parent = span.parentSpanContext && byId.get(span.parentSpanContext.spanId);
      expect(span.name === "run" || span.name === "round").toBe(parent === undefined);
      if (parent !== undefined) expect(parent.spanContext().traceId).toBe(span.spanContext().traceId);
      for (const [, id] of linksOf(span)) expect(byId.has(id)).toBe(true);
    }
    for (const round of named(spans, "round")) {
      const clients = named(spans, "client").filter(
        ({ attributes, parentSpanContext }) =>
          parentSpanContext?.spanId === round.spanContext().spanId && attributes["hivewatch.client.late"] !== true,
      );
      const count = clients.reduce(
        (sum, { attributes }) => sum + Number(attributes["hivewatch.adjusted_count"] ?? 1),
        0,
      );
      expect(count).toBeCloseTo(Number(round.attributes["hivewatch.reports"]), 6);
    }
    for (const { spanContext } of records) expect(byId.has(spanContext?.spanId ?? "")).toBe(true);

    const cut = random.below(events.length);
    const before = record(events.slice(0, cut), options);
    const after = record(events.slice(cut), { ...options, recalled: events.slice(0, cut) });
    expect(picture([...before.spans, ...after.spans])).toEqual(picture(spans));
    expect([...before.records, ...after.records].map(({ spanContext }) => spanContext)).toEqual(
      records.map(({ spanContext }) => spanContext),
    );
  }
});

describe("a provider of somebody else's", () => {
  it("has ids of its own, and the spans hang together all the same", () => {
    const { spans, records } = record(recordedStream("troubled"), { hasOtherIds: true });
    const ours = record(recordedStream("troubled"));
    const shape = (all: typeof spans) => all.map((span) => [span.name, times(span)[1], span.attributes]);
    expect(shape(spans)).toEqual(shape(ours.spans));
    const ids = new Set(spans.map((span) => span.spanContext().spanId));
    for (const span of spans) {
      if (span.parentSpanContext !== undefined) expect(ids).toContain(span.parentSpanContext.spanId);
      for (const [, id] of linksOf(span)) expect(ids).toContain(id);
    }
    for (const { spanContext } of records) expect(ids).toContain(spanContext?.spanId);
  });
});

it("what the sampler doesn't want isn't made", () => {
  const sampler = new ParentBasedSampler({ root: new AlwaysOffSampler() });
  const { spans, records } = record(recordedStream("complete"), { sampler });
  expect(spans).toEqual([]);
  expect(records[0]?.spanContext?.traceFlags).toBe(0);
});
