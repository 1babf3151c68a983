import { decodeMapTable, type HiveEvent, type MapTable } from "@hivewatch/core";
import { describe, expect, test } from "vitest";
import type { Place } from "../src/frame-file.ts";
import { isNotable, notableOf } from "../src/notable-event.ts";
import { createNotableTable, type NotableTable } from "../src/notable-table.ts";
import { createTextIndex } from "../src/text-index.ts";
import { event } from "./support/events.ts";
import { training } from "./support/training.ts";

describe("what a row tells of an event", () => {
  const of = (fields: Record<string, unknown>): { clients: unknown[]; detail: unknown } => {
    const { clients, detail } = notableOf(event(fields));
    return { clients: [...clients], detail: detail === undefined ? undefined : JSON.parse(detail) };
  };

  test("is who was named, and all that is no column of its own", () => {
    expect(of({ event_type: "client_recovered", round: 1, client_id: "a" })).toEqual({
      clients: ["a"],
      detail: undefined,
    });
    expect(
      of({
        event_type: "client_dropout",
        round: 1,
        clients: [{ client_id: "a", x: 1 }, { client_id: "b" }],
        reason: "gone",
      }),
    ).toEqual({
      clients: ["a", "b"],
      detail: { reason: "gone" },
    });
    expect(of({ event_type: "evaluation", round: 1, source: "central", metrics: { loss: "NaN" } })).toEqual({
      clients: [undefined],
      detail: { source: "central", metrics: { loss: "NaN" } },
    });
    expect(of({ event_type: "finished", status: "failed", reason: "why" }).detail).toEqual({
      status: "failed",
      reason: "why",
    });
    expect(of({ event_type: "adapter_error", client_id: "a", clients: [{ client_id: "b" }], code: 3 })).toEqual({
      clients: ["b", "a"],
      detail: { code: 3 },
    });
    expect(of({ event_type: "adapter_error", client_id: "x".repeat(300) }).clients).toEqual([undefined]);
    expect(of({ event_type: "adapter_error", client_id: 7 })).toEqual({
      clients: [undefined],
      detail: { client_id: 7 },
    });
  });

  test("is none for results, and for a round's beginning and end", () => {
    const types = training(1)
      .filter(isNotable)
      .map((each) => each.event_type);
    expect(types).toEqual([
      "init",
      "server_metadata",
      "client_dropout",
      "comm_failure",
      "client_recovered",
      "checkpoint",
      "something_new",
      "finished",
    ]);
  });

  test("is cut where it is long", () => {
    const { detail } = notableOf(
      event({ event_type: "odd", short: "x".repeat(900), long: "y".repeat(5000), half: `${"z".repeat(999)}💥` }),
    );
    const read = JSON.parse(detail ?? "");
    expect(read).toEqual({ short: "x".repeat(900), long: `${"y".repeat(1000)}…`, half: `${"z".repeat(999)}…` });
  });

  test.each<[string, unknown]>([
    ["a list of numbers", Array.from({ length: 100_000 }, (_, i) => i)],
    ["many names", Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`name${i}`, i]))],
    ["long names", Object.fromEntries(Array.from({ length: 10 }, (_, i) => ["n".repeat(10_000) + i, i]))],
    ["many texts", Array.from({ length: 1000 }, () => "text".repeat(1000))],
    ["what takes more room as JSON", Array.from({ length: 1000 }, () => "\u0001".repeat(1000))],
    ["nested lists", JSON.parse(`${"[".repeat(60)}${"1,".repeat(9999)}1${"]".repeat(60)}`)],
  ])("is cut where there is much: %s", (_, value) => {
    const { detail = "" } = notableOf(event({ event_type: "odd", first: "kept", value, after: 1 }));
    expect(JSON.parse(detail)).toMatchObject({ first: "kept" });
    expect(detail).toContain("…");
    expect(detail.length).toBeLessThan(12_000);
  });
});

describe("the table", () => {
  /** A table whose frames are in memory. */
  function tableOn(frames: Buffer[], partRows: number, saved?: { count: number; parts: [number, number][] }) {
    const write = async (bytes: Buffer): Promise<Place> => ({ offset: frames.push(bytes) - 1, length: bytes.length });
    const load = ({ offset }: Place): Buffer => frames[offset] ?? Buffer.alloc(0);
    return { table: createNotableTable({ partRows, ids: createTextIndex(), load, saved }), write };
  }

  const odd = (fields: Record<string, unknown>): HiveEvent => event({ event_type: "odd", ...fields });
  const tables = (frames: readonly Buffer[], { places }: NotableTable): MapTable[] =>
    places.map(({ offset }) => decodeMapTable(frames[offset] ?? Buffer.alloc(0)));
  const numbersOf = (parts: readonly MapTable[], name: string): number[] =>
    parts.flatMap(({ columns }) =>
      columns.flatMap((column) => (column.name === name && column.kind === "numbers" ? [...column.numbers] : [])),
    );

  test("has its rows in order of arrival, and goes on in its last part", async () => {
    const frames: Buffer[] = [];
    let { table, write } = tableOn(frames, 4);
    for (let i = 0; i < 23; i++) {
      table.take(odd({ round: i }));
      if (i % 3 === 0) await table.relieve(write);
      if (i % 5 !== 0) continue;
      await table.save(write);
      const saved = {
        count: table.count,
        parts: table.places.map(({ offset, length }): [number, number] => [offset, length]),
      };
      ({ table, write } = tableOn(frames, 4, saved));
    }
    await table.save(write);
    const parts = tables(frames, table);
    expect(table.count).toBe(23);
    expect(parts.map(({ rows }) => rows)).toEqual([4, 4, 4, 4, 4, 3]);
    expect(numbersOf(parts, "round")).toEqual(Array.from({ length: 23 }, (_, i) => i));
  });

  test("writes nothing anew that has not changed, and is moved as it is", async () => {
    const frames: Buffer[] = [];
    const { table, write } = tableOn(frames, 4);
    for (let i = 0; i < 10; i++) table.take(odd({ round: i }));
    await table.save(write);
    await table.save(write);
    expect(frames).toHaveLength(3);
    await table.move(async (place) => write(frames[place.offset] ?? Buffer.alloc(0)));
    expect(table.places.map(({ offset }) => offset)).toEqual([3, 4, 5]);
  });

  test("has shorter parts where texts are long, so that one is never more than a few megabytes", async () => {
    const frames: Buffer[] = [];
    const { table, write } = tableOn(frames, 16_384);
    for (let i = 0; i < 2000; i++) {
      table.take(odd({ reason: `${i}${"x".repeat(3000)}` }));
      await table.relieve(write);
      expect(frames.length).toBe(table.places.length);
    }
    await table.save(write);
    expect(Math.max(...frames.map(({ length }) => length))).toBeLessThan(1.2 * 1024 * 1024);
    expect(tables(frames, table).reduce((sum, { rows }) => sum + rows, 0)).toBe(2000);
  });

  test("holds the reason of many dropouts once", async () => {
    const frames: Buffer[] = [];
    const { table, write } = tableOn(frames, 16_384);
    const clients = Array.from({ length: 20_000 }, (_, i) => ({ client_id: `c${i}` }));
    table.take(event({ event_type: "client_dropout", round: 3, clients, reason: "x".repeat(900) }));
    await table.save(write);
    expect(tables(frames, table).map(({ rows }) => rows)).toEqual([16_384, 3616]);
    expect(numbersOf(tables(frames, table), "client")).toEqual(clients.map((_, i) => i));
    expect(frames.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(200_000);
  });
});
