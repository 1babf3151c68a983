import { newSeed, randomFrom } from "@hivewatch/test-support";
import { describe, expect, it } from "vitest";
import { createClientRows } from "../src/metrics/client-rows.ts";

describe("the rows of clients", () => {
  it("are given in order of first sight, and kept", () => {
    const random = randomFrom(newSeed());
    const rows = createClientRows();
    const model = new Map<string, number>();
    for (let i = 0; i < 20_000; i++) {
      // Short and long, with what no client of ours would call itself.
      const id = random.pick(["", "client-", "__proto__", "\u{1f41d}".repeat(60)]) + random.below(5000);
      const row = model.get(id) ?? model.size;
      model.set(id, row);
      expect(rows.rowOf(id)).toBe(row);
    }
    expect(rows.ids).toEqual([...model.keys()]);
  });
});
