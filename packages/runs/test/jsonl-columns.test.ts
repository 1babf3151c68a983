import { create, toBinary } from "@bufbuild/protobuf";
import { createRunState, parseEvent } from "@hivewatch/core";
import { newSeed, type Random, randomFrom } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { type ColumnBlock, decodeColumns } from "../src/column-block.ts";
import { eventsFromColumns } from "../src/columns.ts";
import { ColumnsSchema } from "../src/gen/hivewatch/v1/batch_pb.ts";
import { columnLines } from "../src/jsonl-columns.ts";
import { jsonlLines } from "../src/jsonl-line.ts";

const RUN = "run ü'";

test("a block makes the lines that its events would make", () => {
  const random = randomFrom(newSeed());
  let compared = 0;
  for (let i = 0; i < 600; i++) {
    const block = anyBlock(random);
    const lines = linesOfEvents(block);
    if (lines === undefined) {
      expect(() => textOf(block, RUN)).toThrow();
      continue;
    }
    compared++;
    expect(textOf(block, RUN)).toBe(lines);
  }
  expect(compared).toBeGreaterThan(100);
});

test("a line holds what a client reported and null for the rest, in the order of the contract", () => {
  const columns = [
    { name: "local_loss", numbers: [Number.NaN] },
    { name: "client_id", texts: ['a"b'] },
    { name: "round", numbers: [3] },
    { name: "site", texts: ["病院"] },
  ];
  const block = encoded("client_update", [1_795_419_800_000_007n], columns);
  const { clients, ...event } = JSON.parse(textOf(block, "r"));
  expect(event).toEqual({
    event_type: "client_update",
    run_id: "r",
    timestamp: "2026-11-23T07:43:20.000007+00:00",
    round: 3,
  });
  expect(clients).toMatchObject([{ client_id: 'a"b', round: 3, local_loss: "NaN", status: "active", site: "病院" }]);
  expect(clients[0].local_accuracy).toBeNull();
  expect(Object.keys(clients[0]).slice(0, 3)).toEqual(["client_id", "round", "local_accuracy"]);
});

test("a block that no bridge would have taken makes no lines", () => {
  const block = encoded("client_update", [0n], [{ name: "client_id", texts: [""] }]);
  expect(() => textOf(block, "r")).toThrow("client_id");
});

function textOf(block: ColumnBlock, runId: string): string {
  return [...columnLines(block, runId)].join("");
}

function linesOfEvents(block: ColumnBlock): string | undefined {
  try {
    const events = eventsFromColumns(block, RUN).map(parseEvent);
    return events.map((event) => jsonlLines(event, createRunState(RUN))).join("");
  } catch {
    return undefined;
  }
}

interface AnyColumn {
  name: string;
  numbers?: number[];
  texts?: string[];
  json?: string[];
  present?: Uint8Array;
}

const TEXT_NAMES = ["client_id", "city", "status", "country", "site", "2"];
const NAMES = ["round", "local_loss", "lat", "bytes_sent", "tags", "constructor", "toJSON", "1", "007", 'a"b', "é"];

function anyBlock(random: Random): ColumnBlock {
  const count = 1 + random.below(12);
  const names = new Set<string>();
  for (let i = random.below(8); i > 0; i--) names.add(random.below(2) === 0 ? anyOf(TEXT_NAMES) : anyOf(NAMES));
  if (random.below(30) > 0) names.add("client_id");
  const columns = [...names].map((name) => anyColumn(name, count));
  return encoded(anyOf(["client_update", "client_metric"]), anyTimes(), columns);

  function anyOf<Value>(values: readonly Value[]): Value {
    const value = values[random.below(values.length)];
    if (value === undefined) throw new Error("nothing to pick from");
    return value;
  }

  function anyTimes(): bigint[] {
    let time = anyOf([0n, 1_795_419_800_337_352n, 1_795_419_799_999_999n, 4_102_444_799_999_998n]);
    return Array.from({ length: count }, () => {
      time += BigInt(anyOf([0, 1, 999, 1_000_000, 86_400_000_000]));
      return time;
    });
  }

  function anyColumn(name: string, events: number): AnyColumn {
    const present = new Uint8Array(Math.ceil(events / 8));
    let known = 0;
    const all = name === "client_id" ? random.below(20) > 0 : random.below(3) > 0;
    for (let i = 0; i < events; i++) {
      if (!all && random.below(2) === 0) continue;
      present[i >> 3] = (present[i >> 3] ?? 0) | (1 << (i & 7));
      known++;
    }
    const base = all || known === 0 ? { name } : { name, present };
    const length = known === 0 ? events : known;
    return { ...base, ...anyValues(name, length) };
  }

  function anyValues(name: string, length: number): Omit<AnyColumn, "name"> {
    const fill = <Value>(values: readonly Value[]): Value[] => Array.from({ length }, () => anyOf(values));
    if (name === "tags" || random.below(25) === 0) {
      return { json: fill(["true", "null", "[1,null]", '{"b":1,"a":{"__proto__":2,"c":"NaN"}}', " 1e3", '"x"']) };
    }
    if (TEXT_NAMES.includes(name)) return { texts: fill(["a", "NaN", "-Infinity", 'q"\\\n\u2028', "病院 🩺", "x"]) };
    if (name === "round") return { numbers: fill([0, 7, 7, 2 ** 40]) };
    if (name === "lat") return { numbers: fill([0, -89.5, 90, Number.NaN]) };
    const odd = [Number.NaN, Number.NEGATIVE_INFINITY, -0, 5e-324, 1e21, 0.1 + 0.2];
    return { numbers: fill([1, 0.5, ...odd]) };
  }
}

function encoded(eventType: string, timestampUs: bigint[], columns: AnyColumn[]): ColumnBlock {
  return decodeColumns(toBinary(ColumnsSchema, create(ColumnsSchema, { eventType, timestampUs, columns })));
}
