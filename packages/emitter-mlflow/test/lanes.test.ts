import { expect, it } from "vitest";
import { createLanes, workInLanes } from "../src/lanes.ts";

/** Which numbers of lanes are used at a server that takes so many values a second with one and with several. */
function countsAt(few: number, many: number, batches: number): number[] {
  const lanes = createLanes();
  return Array.from({ length: batches }, () => {
    const { count } = lanes;
    lanes.note(7500, (7500 / (count === 1 ? few : many)) * 1000);
    return count;
  });
}

it("several requests at once are kept where the server gains by them", () => {
  const counts = countsAt(3000, 7000, 50);
  expect(counts.slice(0, 2)).toEqual([1, 1]);
  expect(new Set(counts.slice(4))).toEqual(new Set([3]));
});

it("one is kept where it does not, and both are tried again later", () => {
  const counts = countsAt(6000, 6100, 108);
  expect(new Set(counts.slice(4, 104))).toEqual(new Set([1]));
  expect(counts.slice(104)).toEqual([1, 1, 3, 3]);
});

it("all is worked on, so much at once, and what failed is there again", async () => {
  const queue = Array.from({ length: 20 }, (_, i) => i);
  const done: number[] = [];
  let [now, most] = [0, 0];
  const work = async (item: number): Promise<void> => {
    now++;
    most = Math.max(most, now);
    await Promise.resolve();
    now--;
    if (item === 7 && !done.includes(0.5)) {
      done.push(0.5);
      throw new Error("once");
    }
    done.push(item);
  };
  await expect(workInLanes(queue, 3, work)).rejects.toThrow("once");
  expect(queue).toContain(7);
  await workInLanes(queue, 3, work);
  expect(most).toBe(3);
  expect(queue).toEqual([]);
  expect(done.filter(Number.isInteger).sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
});
