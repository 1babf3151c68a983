import type { HiveEvent } from "@hivewatch/core";
import { expect, test } from "vitest";
import { mapSchema1 } from "../src/map-schema-1.ts";
import { takeUnit } from "../src/take-unit.ts";
import { event, update } from "./support/events.ts";
import { memoryFold } from "./support/memory-fold.ts";

/** The pieces of the map of some events, of which no more than a few are in memory. */
async function piecesOf(events: readonly HiveEvent[]): Promise<string[]> {
  const fold = memoryFold({ partRows: 1024, maxBytes: 0 });
  takeUnit(fold, { kind: "events", events, position: events.length }, false);
  await fold.shelf.relieve(fold.write);
  return [...mapSchema1(fold)];
}

const MUCH = 1_500_000;

test.each<[string, HiveEvent[]]>([
  [
    "a round of many clients",
    Array.from({ length: 20_000 }, (_, i) => update({ client_id: `client-${i}`, local_loss: i / 7 })),
  ],
  [
    "many rounds without clients",
    Array.from({ length: 20_000 }, (_, round) => event({ event_type: "round_start", round })),
  ],
])("%s is written in schema 1 in pieces of which none is large", async (_, events) => {
  const pieces = await piecesOf(events);
  expect(pieces.join("").length).toBeGreaterThan(MUCH);
  // One that is full, and a client or a round more.
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(256 * 1024 + 1000);
  expect(() => JSON.parse(pieces.join(""))).not.toThrow();
});
