import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import { newSeed, randomFrom } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { crc32Around, crc32Joined } from "../src/crc32.ts";

test("the sum of two stretches is that of both, whatever their lengths", () => {
  const random = randomFrom(newSeed());
  for (const length of [
    0,
    1,
    2,
    3,
    7,
    8,
    255,
    256,
    65_535,
    1 << 20,
    ...Array.from({ length: 50 }, () => random.below(5000)),
  ]) {
    const first = randomBytes(random.below(100));
    const second = randomBytes(length);
    const joined = crc32Joined(crc32(first), crc32(second), length);
    expect(joined, `${first.length} + ${length}`).toBe(crc32(Buffer.concat([first, second])));
  }
});

test("the sum around a part is that of all, wherever the part is", () => {
  const bytes = randomBytes(1000);
  for (const [start, end] of [
    [0, 0],
    [0, 1000],
    [0, 10],
    [990, 1000],
    [500, 500],
    [17, 717],
  ] as const) {
    const part = bytes.subarray(start, end);
    expect(crc32Around(bytes, { bytes: part, crc32: crc32(part) })).toBe(crc32(bytes));
  }
});

test("a part that changed since it was summed is no secret", () => {
  const bytes = randomBytes(100);
  const part = bytes.subarray(10, 90);
  const summed = crc32(part);
  part[7] = (part[7] ?? 0) ^ 1;
  expect(crc32Around(bytes, { bytes: part, crc32: summed })).not.toBe(crc32(bytes));
});

test("what stands elsewhere is no part, and all is summed", () => {
  const memory = randomBytes(100);
  const bytes = memory.subarray(20, 60);
  for (const elsewhere of [Buffer.from(bytes), memory.subarray(10, 30), memory.subarray(50, 70)]) {
    expect(crc32Around(bytes, { bytes: elsewhere, crc32: crc32(elsewhere) })).toBe(crc32(bytes));
  }
});
