import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { parseEvent } from "@hivewatch/core";
import { newSeed, type Random, randomFrom } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { decodeColumns, isPresent } from "../src/column-block.ts";
import { areSurelyValid, eventsFromColumns } from "../src/columns.ts";
import { ColumnsSchema } from "../src/gen/hivewatch/v1/batch_pb.ts";

const MICROS = 1_795_419_800_337_352n;

test("values are read where they stand, present or not", () => {
  const block = decodeColumns(
    encoded(3, [
      { name: "client_id", texts: ["a", "", "病院".repeat(50)] },
      { name: "loss", numbers: [0.5, Number.NaN], present: Uint8Array.of(0b101) },
      { name: "tags", json: ["[1]"], present: Uint8Array.of(0b010) },
    ]),
  );
  expect(block).toMatchObject({ eventType: "client_update", timestamps: new Float64Array(3).fill(Number(MICROS)) });
  const [id, loss, tags] = block.columns;
  if (id?.kind !== "texts" || loss?.kind !== "numbers" || tags?.kind !== "json") throw new Error("not their kinds");
  expect(id.texts.decode()).toEqual(["a", "", "病院".repeat(50)]);
  expect(id.texts).toMatchObject({ length: 3, shortest: 0, longest: 300 });
  expect([...loss.numbers]).toEqual([0.5, Number.NaN]);
  expect([0, 1, 2].map((i) => isPresent(loss, i))).toEqual([true, false, true]);
  expect([0, 1, 2].map((i) => isPresent(tags, i))).toEqual([false, true, false]);
});

test("what other encoders make of the same message is read the same: lists in pieces, and fields we don't know", () => {
  const writer = new BinaryWriter();
  writer.tag(2, WireType.Bit64).fixed64(MICROS).tag(99, WireType.Varint).uint32(7);
  writer.tag(2, WireType.LengthDelimited).fork().fixed64(MICROS).fixed64(MICROS).join();
  writer.tag(3, WireType.LengthDelimited).fork();
  writer.tag(3, WireType.Bit64).double(1).tag(3, WireType.LengthDelimited).fork().double(2).double(3).join();
  writer.tag(8, WireType.LengthDelimited).string("later").tag(1, WireType.LengthDelimited).string("x").join();
  writer.tag(1, WireType.LengthDelimited).string("client_metric");
  const block = decodeColumns(writer.finish());
  expect(block.eventType).toBe("client_metric");
  expect(block.timestamps).toHaveLength(3);
  expect(block.columns).toHaveLength(1);
  expect(block.columns[0]).toMatchObject({
    name: "x",
    length: 3,
    numbers: Float64Array.of(1, 2, 3),
    present: undefined,
  });
});

test("a field of the message that looks like one more text of its last column is none", () => {
  const writer = new BinaryWriter();
  writer.tag(2, WireType.Bit64).fixed64(MICROS);
  writer.tag(3, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.LengthDelimited).string("x").tag(4, WireType.LengthDelimited).string("a").join();
  writer.tag(4, WireType.LengthDelimited).string("a later version's");
  const [column] = decodeColumns(writer.finish()).columns;
  expect(column?.kind === "texts" && column.texts.decode()).toEqual(["a"]);
});

test.each([
  ["in a text", (writer: BinaryWriter) => writer.tag(4, WireType.LengthDelimited).bytes(Uint8Array.of(0x61, 0xc3))],
  ["in JSON", (writer: BinaryWriter) => writer.tag(5, WireType.LengthDelimited).bytes(Uint8Array.of(0xff))],
])("text that is not UTF-8 is refused: %s", (_, write) => {
  const writer = new BinaryWriter();
  writer.tag(2, WireType.Bit64).fixed64(MICROS).tag(2, WireType.Bit64).fixed64(MICROS);
  writer.tag(3, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).string("x");
  // The byte that follows the half of a letter must not complete it.
  write(write(writer)).join();
  expect(() => decodeColumns(writer.finish())).toThrow('column "x" holds text that is not UTF-8');
});

test("whatever is taken on sight would pass event by event", () => {
  const random = randomFrom(newSeed());
  let taken = 0;
  for (let i = 0; i < 5000; i++) {
    const block = decodeColumns(encoded(3, anyColumns(random), random.pick(["client_update", "client_metric", "x"])));
    if (!areSurelyValid(block)) continue;
    taken++;
    for (const event of eventsFromColumns(block, "r")) parseEvent(event);
  }
  expect(taken).toBeGreaterThan(500);
});

interface AnyColumn {
  name: string;
  numbers?: number[];
  texts?: string[];
  json?: string[];
  present?: Uint8Array;
}

function anyColumns(random: Random): AnyColumn[] {
  const extra = Array.from({ length: random.below(4) }, () =>
    random.pick(["round", "local_loss", "lat", "lng", "city", "status", "site", "constructor", "depth"]),
  );
  const all = random.below(10) === 0 ? extra : ["client_id", ...extra];
  return [...new Set(all)].map((name) => anyColumn(random, name));
}

function anyColumn(random: Random, name: string): AnyColumn {
  const length = random.below(8) === 0 ? 2 : 3;
  const base = length === 2 ? { name, present: Uint8Array.of(0b011) } : { name };
  const fill = <Value>(values: readonly [Value, ...Value[]]): Value[] =>
    Array.from({ length }, () => random.pick(values));
  const isText = ["client_id", "city", "status", "site"].includes(name);
  const kind = random.below(12) === 0 ? random.pick(["numbers", "texts", "json"]) : isText ? "texts" : "numbers";
  if (kind === "numbers")
    return { ...base, numbers: fill([0, 1, 7, 89.5, random.pick([0, -1, 1.5, 400, Number.NaN])]) };
  if (kind === "json") return { ...base, json: fill(["true", "[1]", "7", "[".repeat(100) + "]".repeat(100), "null"]) };
  return { ...base, texts: fill(["a", "NaN", random.pick(["b", "", "x".repeat(257), "é".repeat(128)])]) };
}

function encoded(count: number, columns: AnyColumn[], eventType = "client_update"): Uint8Array {
  const timestampUs = Array.from({ length: count }, () => MICROS);
  return toBinary(ColumnsSchema, create(ColumnsSchema, { eventType, timestampUs, columns }));
}
