import { crc32 } from "node:zlib";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type HiveEvent, parseEvent } from "@hivewatch/core";
import { newSeed, type Random, randomFrom } from "@hivewatch/test-support";
import { describe, expect, test } from "vitest";
import { batchEvents, checkBatch, decodeBatch, encodeBatch, packEvents, refusedBatch } from "../src/batch.ts";
import { type Batch, BatchSchema, ColumnsSchema, RowsSchema } from "../src/gen/hivewatch/v1/batch_pb.ts";
import { batchOf, event, TIME, update, updates } from "./support/events.ts";

const SEQUENCE = { runId: "r", producerId: "p", producerEpoch: 1n, firstSeq: 0n };
const MICROS = 1_795_419_800_337_352n;

function overTheWire(events: readonly HiveEvent[]): HiveEvent[] {
  return packEvents(events, SEQUENCE).flatMap((batch) => {
    const received = decodeBatch(encodeBatch(batch));
    checkBatch(received);
    return batchEvents(received);
  });
}

/** An event with what a trip in columns may change: the round also stands inside, and what is null or undefined is left out. */
function normal(given: HiveEvent): Record<string, unknown> {
  if (!Array.isArray(given.clients) || !["client_update", "client_metric"].includes(given.event_type)) return given;
  return {
    ...given,
    clients: given.clients.map((client) =>
      Object.fromEntries(
        Object.entries({ round: given.round, ...client }).filter(([, value]) => value !== undefined && value !== null),
      ),
    ),
  };
}

describe("events", () => {
  test.each<[string, Record<string, unknown>]>([
    ["numbers", { local_loss: 0.1, num_samples: 10, bytes_sent: 2 ** 53, zero: -0 }],
    ["numbers that are none", { local_loss: Number.NaN, a: Number.POSITIVE_INFINITY, b: Number.NEGATIVE_INFINITY }],
    ["texts", { city: "São Paulo", status: "idle", site: "病院", empty: "", emoji: "🐝" }],
    ["texts that look like numbers", { city: "NaN", country: "Infinity", status: "-Infinity" }],
    ["other JSON", { flag: true, tags: ["x", 1, null], nested: { deep: [{ k: 1 }] } }],
    ["numbers that are none, inside", { nested: { k: Number.NaN, list: [1, Number.NEGATIVE_INFINITY] } }],
    ["names with a meaning in JavaScript", { constructor: 1, toString: 2, length: 3, hasOwnProperty: "x" }],
  ])("keep %s", (_, fields) => {
    const events = [update({ client_id: "a", ...fields }), update({ client_id: "b" })];
    expect(overTheWire(events)).toEqual(events.map(normal));
  });

  test("keep values of several types under one name", () => {
    const events = [1, "text", Number.NaN, true, [Number.NaN], { k: 1 }, null, -0.5].map((value, i) =>
      update({ client_id: `c${i}`, value }),
    );
    expect(overTheWire(events)).toEqual(events.map(normal));
  });

  test("keep their round, or that they have none", () => {
    const events = [
      update({ client_id: "a" }, 0),
      update({ client_id: "b" }, null),
      update({ client_id: "c" }, 2 ** 40),
    ];
    expect(overTheWire(events)).toEqual(events.map(normal));
  });

  test("keep fields of their own, several clients, and another round inside, as rows", () => {
    const events = [
      event({ event_type: "client_update", round: 1, clients: [{ client_id: "a" }, { client_id: "b" }] }),
      event({ event_type: "client_update", round: 1, clients: [{ client_id: "a" }], site: "x" }),
      update({ client_id: "a", round: 2 }, 1),
      event({ event_type: "client_metric", round: 1, clients: [{ client_id: "a", "": 1 }] }),
      event({ event_type: "init", config: { lr: 0.1 }, algorithm: "FedAvg" }),
      event({ event_type: "something_new", anything: [1, { two: 3 }] }),
    ];
    expect(packEvents(events, SEQUENCE).map((batch) => batch.payload.case)).toEqual(["rows"]);
    expect(overTheWire(events)).toEqual(events);
  });

  test("of before 1970 are not lost", () => {
    const old = parseEvent({ ...update({ client_id: "a" }), timestamp: "1969-12-31T23:59:59.000001+00:00" });
    expect(overTheWire([old])).toEqual([old]);
  });

  test("with values that JSON has no word for lose these alone", () => {
    const events = [update({ client_id: "a", f: () => 1, big: 12n, s: Symbol("x") })];
    expect(overTheWire(events)).toEqual([normal(update({ client_id: "a", big: "12" }))]);
  });

  test("with more names than a batch may have are spread over several", () => {
    const wide = (id: string, prefix: string, count: number): HiveEvent =>
      update({ client_id: id, ...Object.fromEntries(Array.from({ length: count }, (_, i) => [`${prefix}${i}`, i])) });
    const fitting = [wide("a", "x", 600), wide("b", "y", 600), wide("c", "y", 600)];
    const events = [...fitting, wide("d", "z", 1500)];
    const batches = packEvents(events, SEQUENCE);
    expect(batches.map((batch) => [batch.payload.case, batch.firstSeq, batch.count])).toEqual([
      ["columns", 0n, 1],
      ["columns", 1n, 2],
      ["rows", 3n, 1],
    ]);
    expect(overTheWire(events)).toEqual([...fitting.map(normal), ...events.slice(3)]);
  });

  test("too large for one message are spread over several", () => {
    const events = Array.from({ length: 5 }, (_, i) => update({ client_id: `c${i}`, blob: "x".repeat(3_000_000) }));
    const batches = packEvents(events, SEQUENCE);
    expect(batches.length).toBeGreaterThan(1);
    for (const batch of batches) expect(encodeBatch(batch).length).toBeLessThan(16 * 1024 * 1024);
    expect(overTheWire(events)).toEqual(events.map(normal));
  });

  test("come back as they were, whatever they hold", () => {
    const random = randomFrom(newSeed());
    for (let round = 0; round < 200; round++) {
      const events = Array.from({ length: 1 + random.below(20) }, () => anyEvent(random));
      const batches = packEvents(events, SEQUENCE);
      expect(batches.reduce((sum, batch) => sum + batch.count, 0)).toBe(events.length);
      expect(overTheWire(events)).toEqual(events.map(normal));
    }
  });
});

function anyEvent(random: Random): HiveEvent {
  const client: Record<string, unknown> = {
    client_id: random.pick(["a", "b", "10388190150487002303", "病院", "__proto__"]),
  };
  for (let i = random.below(8); i > 0; i--) {
    client[random.pick(["x", "y", "loss", "_hidden", "constructor", "a b", "ключ"])] = anyValue(random);
  }
  if (random.below(2) === 0) client.local_loss = random.pick([0, 1.5, Number.NaN, Number.POSITIVE_INFINITY]);
  if (random.below(4) === 0) client.city = random.pick(["NaN", "Köln", ""]);
  const micros = String(random.below(1_000_000)).padStart(6, "0");
  return parseEvent({
    event_type: random.pick(["client_update", "client_metric", "client_dropout"]),
    run_id: "r",
    timestamp: `2026-11-23T07:43:20.${micros}+00:00`,
    round: random.below(5),
    clients: [client],
  });
}

function anyValue(random: Random): unknown {
  return random.pick<() => unknown>([
    () => random.below(1000) / 7,
    () => -random.below(2 ** 31),
    () => Number.NaN,
    () => Number.NEGATIVE_INFINITY,
    () => 5e-324,
    () => random.pick(["", "text", 'quote " and \\', "\u0000\n", "🐝"]),
    () => random.below(2) === 0,
    () => [anyValue(random), { inner: random.below(3) }],
    () => ({ k: [1, 2], n: Number.NaN }),
  ])();
}

describe("a malformed batch is refused:", () => {
  function columns(init: MessageInitShape<typeof ColumnsSchema>, count = 1): Batch {
    const value = toBinary(
      ColumnsSchema,
      create(ColumnsSchema, { eventType: "client_update", timestampUs: [MICROS], ...init }),
    );
    return create(BatchSchema, { ...SEQUENCE, count, crc32: crc32(value), payload: { case: "columns", value } });
  }

  function rows(events: string[], count = events.length): Batch {
    const value = toBinary(RowsSchema, create(RowsSchema, { events }));
    return create(BatchSchema, { ...SEQUENCE, count, crc32: crc32(value), payload: { case: "rows", value } });
  }

  const id = { name: "client_id", texts: ["a"] };
  const row = (fields: Record<string, unknown>): string =>
    JSON.stringify({
      event_type: "client_update",
      timestamp: TIME,
      round: 1,
      clients: [{ client_id: "a" }],
      ...fields,
    });

  test.each<[string, () => Batch, string]>([
    ["its CRC", () => create(BatchSchema, { ...batchOf(updates(2)), crc32: 7 }), "crc32 does not match"],
    ["no payload", () => create(BatchSchema, { ...SEQUENCE, count: 1 }), "needs rows or columns"],
    ["a count of 0", () => ({ ...batchOf(updates(2)), count: 0 }), "count must be 1 to 100000, but it is 0"],
    ["a count too large", () => ({ ...batchOf(updates(2)), count: 100_001 }), "but it is 100001"],
    ["a count too small", () => ({ ...batchOf(updates(2)), count: 1 }), "count is 1, but there are 2 events"],
    ["a count of more", () => rows([row({})], 2), "count is 2, but there are 1 events"],
    [
      "a column too short",
      () => columns({ columns: [id, { name: "x", numbers: [1, 2] }] }),
      'column "x" has 2 values for 1',
    ],
    [
      "a column too long",
      () => columns({ columns: [id, { name: "x", numbers: [1], present: Uint8Array.of(0) }] }),
      '"x" has 1 values for 0',
    ],
    ["a column twice", () => columns({ columns: [id, id] }), 'column "client_id" is there twice'],
    ["a column __proto__", () => columns({ columns: [id, { name: "__proto__", json: ['{"x":1}'] }] }), '"__proto__"'],
    ["a column without a name", () => columns({ columns: [id, { texts: ["x"] }] }), 'may not be named ""'],
    ["an empty column", () => columns({ columns: [id, { name: "x" }] }), 'column "x" must use one of'],
    [
      "a column of two kinds",
      () => columns({ columns: [id, { name: "x", numbers: [1], texts: ["1"] }] }),
      'column "x" must use one of',
    ],
    [
      "a column of no JSON",
      () => columns({ columns: [id, { name: "x", json: ["{"] }] }),
      'column "x" holds text that is not JSON',
    ],
    [
      "1001 columns",
      () => columns({ columns: Array.from({ length: 1001 }, (_, i) => ({ name: `c${i}`, numbers: [1] })) }),
      "1001 columns are more than the 1000",
    ],
    ["no client_id", () => columns({ columns: [{ name: "local_loss", numbers: [1] }] }), "clients[0].client_id"],
    [
      "a client_id that is no id",
      () => columns({ columns: [{ name: "client_id", json: ["true"] }] }),
      "clients[0].client_id",
    ],
    [
      "text in a number's field",
      () => columns({ columns: [id, { name: "local_loss", texts: ["much"] }] }),
      'clients[0].local_loss must be a number, but it is "much"',
    ],
    [
      "half a round",
      () => columns({ columns: [id, { name: "round", numbers: [1.5] }] }),
      "round must be a whole number from 0, but it is 1.5",
    ],
    [
      "a place that is nowhere",
      () => columns({ columns: [id, { name: "lat", numbers: [91] }] }),
      "lat must be degrees",
    ],
    [
      "a time in another unit",
      () => columns({ columns: [id], timestampUs: [MICROS * 1000n] }),
      "timestamp_us of event 0",
    ],
    ["the largest time", () => columns({ columns: [id], timestampUs: [2n ** 64n - 1n] }), "timestamp_us of event 0"],
    ["no event type", () => columns({ columns: [id], eventType: "" }), "event_type"],
    ["a row that is not JSON", () => rows([row({}), "{"]), "event 1 is not JSON"],
    ["a row that is no object", () => rows(["[]"]), "event 0 is not an object"],
    ["a row of another run", () => rows([row({ run_id: "other" })]), 'event 0 is of run "other", the batch of "r"'],
    ["a row without clients", () => rows([row({ clients: null })]), "event 0 of the batch"],
    ["a row nested too deeply", () => rows([row({ x: JSON.parse("[".repeat(500) + "]".repeat(500)) })]), "nested"],
  ])("%s", (_, batch, message) => {
    expect(() => checkBatch(batch())).toThrow(message);
  });

  test("a payload of garbage", () => {
    const value = Buffer.from("\xff\xff\xff garbage", "latin1");
    const batch = create(BatchSchema, { ...SEQUENCE, count: 1, crc32: crc32(value), payload: { case: "rows", value } });
    expect(() => checkBatch(batch)).toThrow("the payload can't be decoded");
  });

  test("without room being made for events that are not counted", () => {
    const many = columns({ timestampUs: Array.from({ length: 200_000 }, () => MICROS), columns: [id] });
    expect(() => checkBatch(many)).toThrow("count is 1, but there are 200000 events");
  });

  test.each<[string, Uint8Array, string]>([
    ["garbage bytes", Buffer.from("hello world, I am no batch"), "not a batch"],
    ["no bytes", Buffer.alloc(0), "run id"],
    ["half a batch", encodeBatch(batchOf(updates(3))).subarray(0, 20), "not a batch"],
    [
      "a run id that is a path",
      encodeBatch(create(BatchSchema, { ...SEQUENCE, runId: "../../x" })),
      'run id "../../x"',
    ],
    ["a run id with NUL", encodeBatch(create(BatchSchema, { ...SEQUENCE, runId: "a\0b" })), "run id"],
    ["no producer", encodeBatch(create(BatchSchema, { ...SEQUENCE, producerId: "" })), "producer_id"],
    ["a long producer", encodeBatch(create(BatchSchema, { ...SEQUENCE, producerId: "x".repeat(129) })), "producer_id"],
    ["a number beyond all", encodeBatch(create(BatchSchema, { ...SEQUENCE, firstSeq: 2n ** 64n - 1n })), "first_seq"],
  ])("%s", (_, bytes, message) => {
    expect(() => decodeBatch(bytes)).toThrow(message);
    expect(() => decodeBatch(bytes)).toThrow("[hivewatch]");
  });

  test("bytes at random are refused with an error of ours, or are a batch", () => {
    const random = randomFrom(newSeed());
    const good = encodeBatch(batchOf(updates(5)));
    let refused = 0;
    for (let i = 0; i < 2000; i++) {
      const bytes = Uint8Array.from(good);
      for (let n = 1 + random.below(3); n > 0; n--) bytes[random.below(bytes.length)] = random.below(256);
      try {
        checkBatch(decodeBatch(bytes));
      } catch (error) {
        refused++;
        expect(error).toMatchObject({ name: "HiveWatchError" });
      }
    }
    expect(refused).toBeGreaterThan(1000);
  });
});

test("in the place of a refused batch stands one event over all of its numbers", () => {
  const batch = refusedBatch(batchOf(updates(7), 3), "it was bad");
  expect([batch.firstSeq, batch.count]).toEqual([3n, 7]);
  expect(batchEvents(decodeBatch(encodeBatch(batch)))).toMatchObject([
    { event_type: "batch_refused", run_id: "r", count: 7, reason: "it was bad" },
  ]);
});

test("columns share what they can: many events are a batch for each type in turn", () => {
  const metric = event({ event_type: "client_metric", round: 1, clients: [{ client_id: "a" }] });
  const events = [...updates(1000), metric, ...updates(10)];
  expect(packEvents(events, SEQUENCE).map((batch) => [batch.firstSeq, batch.count])).toEqual([
    [0n, 1000],
    [1000n, 1],
    [1001n, 10],
  ]);
});
