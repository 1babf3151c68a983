import { describe, expect, test } from "vitest";
import {
  clientFigures,
  decodeMapPart,
  decodeMapTable,
  joinFigures,
  parseMapHead,
  parseMapHeadRound,
} from "../src/index.ts";

/** A part as docs/map-format.md has it. */
function partOf(header: unknown, data: readonly number[] = []): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(4 + text.length + data.length);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 4);
  bytes.set(data, 4 + text.length);
  return bytes;
}

describe("a part of a round", () => {
  const whole = { rows: 3, clients: { type: "u16", at: 0 }, results: { value: 1 } };
  /** Clients 1, 2 and 258: first bytes, then second bytes. */
  const clients = [1, 2, 2, 0, 0, 1];

  test("has a row for each client, with what it reported", () => {
    const columns = [
      { name: "loss", type: "i8", at: 6, scale: 10 },
      { name: "acc", type: "f64", at: 9, present: 17 },
      { name: "city", values: ["Paris", "東京"], type: "u8", at: 18 },
      { name: "site", value: "x", present: 17 },
      { name: "note", values: [true, { k: 1 }, "NaN"] },
      { name: "round", value: 4 },
    ];
    // 0.5 in one row, the second: 0x3fe0000000000000.
    const data = [...clients, 5, 255, 0, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f, 0b010, 1, 0, 1];
    const part = decodeMapPart(partOf({ ...whole, columns }, data));
    expect(part).toEqual({
      rows: 3,
      clients: Float64Array.of(1, 2, 258),
      results: Float64Array.of(1, 1, 1),
      asked: Float64Array.of(0, 0, 0),
      heard: 3,
      columns: [
        { kind: "numbers", name: "loss", numbers: Float64Array.of(0.5, -0.1, 0), present: undefined },
        {
          kind: "numbers",
          name: "acc",
          numbers: Float64Array.of(Number.NaN, 0.5, Number.NaN),
          present: Uint8Array.of(0, 1, 0),
        },
        { kind: "values", name: "city", values: ["Paris", "東京"], codes: Int32Array.of(1, 0, 1) },
        { kind: "values", name: "site", values: ["x"], codes: Int32Array.of(-1, 0, -1) },
        { kind: "values", name: "note", values: [true, { k: 1 }, "NaN"], codes: Int32Array.of(0, 1, 2) },
        { kind: "numbers", name: "round", numbers: Float64Array.of(4, 4, 4), present: undefined },
      ],
    });
  });

  test("tells who was asked, and of whom nothing was heard", () => {
    const bytes = partOf({ ...whole, heard: 2, asked: { type: "u8", at: 6 }, columns: [] }, [...clients, 0, 1, 1]);
    expect(decodeMapPart(bytes)).toMatchObject({ asked: Float64Array.of(0, 1, 1), heard: 2 });
  });

  test.each([
    ["nothing", new Uint8Array()],
    ["no JSON", Uint8Array.of(4, 0, 0, 0, 1, 2, 3, 4)],
    ["a header that is longer than all", Uint8Array.of(200, 0, 0, 0, 1)],
    ["no clients", partOf({ rows: 1, columns: [] })],
    ["an unknown type", partOf({ ...whole, clients: { type: "u128", at: 0 } }, clients)],
    ["data that end too early", partOf({ ...whole, columns: [{ name: "a", type: "f64", at: 3 }] }, clients)],
    ["bits that end too early", partOf({ ...whole, columns: [{ name: "a", value: 1, present: 6 }] }, clients)],
    ["rows below none", partOf({ ...whole, rows: -1 }, clients)],
  ])("is refused with %s", (_, bytes) => {
    expect(() => decodeMapPart(bytes)).toThrow(expect.objectContaining({ code: "malformed" }));
  });
});

test("a part of the client table has their ids and places", () => {
  const table = decodeMapTable(
    partOf({
      rows: 2,
      columns: [
        { name: "client_id", values: ["a", "b"] },
        { name: "lat", value: 5 },
      ],
    }),
  );
  expect(table.columns).toMatchObject([
    { name: "client_id", values: ["a", "b"] },
    { name: "lat", numbers: Float64Array.of(5, 5) },
  ]);
});

describe("a head", () => {
  const round = {
    round: 0,
    clients: 1,
    silent: 0,
    parts: [[24, 6]],
    started_at: null,
    ended_at: null,
    selected: null,
    reported: [],
    figures: {},
  };
  const head = {
    schema_version: 2,
    run_id: "r",
    algorithm: "FedAvg",
    config: {},
    started_at: null,
    finished_at: null,
    status: "running",
    status_reason: null,
    server: null,
    last_event_at: null,
    num_events: 1,
    position: 1,
    jsonl_bytes: null,
    frames: { id: "00", bytes: 40 },
    part_rows: 16,
    fields: ["round"],
    clients: { count: 1, parts: [[30, 10]] },
    notable: { count: 2, parts: [[24, 6]] },
    rounds: [{ ...round, figures: { global_loss: "NaN" } }],
  };

  test("is read with numbers where JSON has words for them", () => {
    expect(parseMapHead(JSON.stringify(head))).toEqual({
      ...head,
      rounds: [{ ...round, figures: { global_loss: Number.NaN } }],
    });
    expect(parseMapHeadRound(JSON.stringify(round))).toEqual(round);
  });

  test("may lack what was added later", () => {
    const { silent: _, ...olderRound } = round;
    const { notable: __, ...older } = head;
    expect(parseMapHead(JSON.stringify({ ...older, rounds: [olderRound] }))).toEqual({
      ...head,
      notable: { count: 0, parts: [] },
      rounds: [round],
    });
  });

  test.each([
    ["", "nothing"],
    ["[]", "no object"],
    [JSON.stringify({ ...head, schema_version: 1 }), "another version"],
    [JSON.stringify({ ...head, rounds: [{ ...round, parts: [[30, 11]] }] }), "a part behind the end"],
    [JSON.stringify({ ...head, clients: { count: 1, parts: [[-1, 3]] } }), "a part before the beginning"],
    [JSON.stringify({ ...head, notable: { count: 1, parts: [[39, 2]] } }), "what happened behind the end"],
    [JSON.stringify({ ...head, position: 0.5 }), "half a position"],
    [JSON.stringify({ ...head, server: [] }), "a list for a server"],
  ])("is refused: %s (%s)", (text) => {
    expect(() => parseMapHead(text)).toThrow(expect.objectContaining({ code: "malformed" }));
  });
});

test("figures of groups of clients make those of all of them", () => {
  const figuresOf = (values: readonly number[]) =>
    clientFigures({
      length: values.length,
      numbers: (field) => Float64Array.from(values, (value) => (field === "num_samples" ? 1 + Math.abs(value) : value)),
      statusOf: (i) => ["active", "failed", undefined][i % 3],
      hasResult: () => true,
    });
  const values = [3, -1, Number.NaN, 7, 0.5, Number.POSITIVE_INFINITY, 2, 4, -9];
  const all = figuresOf(values);
  for (const cut of [0, 3, 6, 9]) {
    const joined = joinFigures(figuresOf(values.slice(0, cut)), figuresOf(values.slice(cut)));
    expect(joined).toMatchObject({ clients: 9, completed: 6, failed: 3, bytesUp: 6.5 });
    expect(joined.norms.squares).toBeCloseTo(all.norms.squares, 9);
    expect(joined.loss).toEqual({
      ...all.loss,
      sum: expect.closeTo(all.loss.sum, 9),
      weightedSum: expect.closeTo(all.loss.weightedSum, 9),
    });
  }
});
