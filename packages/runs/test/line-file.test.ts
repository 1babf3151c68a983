import { readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { newSeed, randomFrom, temporaryFolder } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { openLineFile } from "../src/line-file.ts";

test("lines of any length stand in the file in their order, behind what was there", async () => {
  const random = randomFrom(newSeed());
  const path = join(await temporaryFolder(), "lines");
  await writeFile(path, "kept\nto be replaced\n");
  const file = openLineFile(path, "kept\n".length);
  let expected = "kept\n";
  for (let i = 0; i < 60; i++) {
    const lengths = Array.from({ length: random.below(5) }, () => random.pick([0, 3, 70_000, 300_000]));
    const lines = lengths.map((length) => `${random.pick(["a", "ü", "病", "😀", "\ud800"]).repeat(length)}\n`);
    await file.add(lines);
    expected += lines.join("");
    if (random.below(4) > 0) continue;
    await file.save();
    expect(file.bytes).toBe(Buffer.byteLength(expected));
  }
  await file.add(["the end\n"]);
  await file.save();
  expect((await readFile(path)).equals(Buffer.from(`${expected}the end\n`))).toBe(true);
});

test("nothing is made of no lines", async () => {
  const path = join(await temporaryFolder(), "lines");
  const file = openLineFile(path, 0);
  await file.add([]);
  await file.save();
  await expect(readFile(path)).rejects.toMatchObject({ code: "ENOENT" });
});

test("a file that somebody has made shorter is not written on", async () => {
  const path = join(await temporaryFolder(), "lines");
  const file = openLineFile(path, 0);
  await file.add(["one\n"]);
  await file.save();
  await truncate(path, 1);
  await file.add(["two\n"]);
  await expect(file.save()).rejects.toMatchObject({ code: "unavailable" });
});
