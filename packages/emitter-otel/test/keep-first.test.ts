import { newSeed, randomFrom } from "@hivewatch/test-support";
import { expect, it } from "vitest";
import { keepFirst } from "../src/traces/keep-first.ts";

it("keeps what sorting all of them would put first", () => {
  const random = randomFrom(newSeed());
  for (let round = 0; round < 300; round++) {
    const most = random.below(9);
    const items = Array.from({ length: random.below(200) }, (_, order) => ({ rank: random.below(20), order }));
    const byRank = (a: (typeof items)[number], b: (typeof items)[number]): number => a.rank - b.rank;
    const first = keepFirst(most, byRank);
    for (const item of items) {
      first.add(item);
      if (random.below(10) === 0) expect(first.kept().length).toBeLessThanOrEqual(most);
    }
    expect(first.kept()).toEqual(items.toSorted(byRank).slice(0, most));
    expect(first.count).toBe(items.length);
  }
});
