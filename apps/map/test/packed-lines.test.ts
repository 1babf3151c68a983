import { newSeed, randomFrom } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { packLine, unpackLine } from "../src/map/packed-lines.ts";

test("a line comes back as it was, to a twentieth of a degree", () => {
  const seed = newSeed();
  const random = randomFrom(seed);
  const line = Array.from({ length: 200 }, (): [number, number] => [random.below(360) - 180, random.below(180) - 90]);
  const back = unpackLine(packLine(line.map(([lng, lat]) => [lng + 0.01, lat - 0.01])));
  expect(back, `seed ${seed}`).toEqual(line.filter((point, i) => i === 0 || String(point) !== String(line[i - 1])));
});

test("points that fall together are one", () => {
  expect(
    unpackLine(
      packLine([
        [1, 2],
        [1.001, 2.001],
        [-180, 90],
      ]),
    ),
  ).toEqual([
    [1, 2],
    [-180, 90],
  ]);
});

test("nothing is a line without points", () => {
  expect(unpackLine(packLine([]))).toEqual([]);
});
