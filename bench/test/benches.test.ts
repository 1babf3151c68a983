import { existsSync } from "node:fs";
import { type Fields, fields, inRepository, runProgram, startProgram, temporaryFolder } from "@hivewatch/test-support";
import { describe, expect, test } from "vitest";

const MAIN = inRepository("bench/dist/main.js");
const KEYS = ["bench", "figure", "floor", "goal", "holds", "ratio", "spread", "unit"];
// It is named to the benches as it is to the other tests.
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith("HIVEWATCH_TEST_")));

if (!existsSync(MAIN)) throw new Error("the benches have not been built: run `pnpm build`");

const benches = (await runProgram(process.execPath, [MAIN, "--help"]))
  .split("\n")
  .flatMap((line) => /^ {2}([a-z][a-z-]*) {2}/.exec(line)?.[1] ?? []);

describe("pnpm bench", () => {
  test("its help names the benches", () => {
    expect(benches).toContain("ingest-cpu");
  });

  for (const name of benches) {
    test(`${name} works`, async (context) => {
      // Also what a killed bench has left is gone afterwards.
      const places = { ...env, TMPDIR: await temporaryFolder() };
      const program = startProgram(process.execPath, [MAIN, name, "--quick", "--json"], { env: places });
      const { code } = await program.exited;
      const [, missing] = /skipped: (.*)/.exec(program.stderr()) ?? [];
      if (missing !== undefined) context.skip(missing);
      expect(program.stderr()).not.toContain("failed:");
      expect(code).toBe(0);
      const lines = program.stdout().split("\n").filter(Boolean);
      expect(lines).not.toEqual([]);
      for (const line of lines) checkResult(fields(JSON.parse(line)), name);
    });
  }

  test("an unknown name is answered with those that there are", async () => {
    const program = startProgram(process.execPath, [MAIN, "ingest-gpu"]);
    expect((await program.exited).code).toBe(2);
    expect(program.stdout()).toBe("");
    for (const word of ["ingest-gpu", ...benches]) expect(program.stderr()).toContain(word);
  });
});

function checkResult(result: Fields, name: string): void {
  expect(Object.keys(result).sort()).toEqual(KEYS);
  expect(String(result.bench).split(".")[0]).toBe(name);
  expect(result.figure).toBeTypeOf("number");
  expect(result.unit).toBeTypeOf("string");
  expect(typeof result.holds).toBe(result.goal === null ? "object" : "boolean");
  const { figure, floor, ratio } = result;
  if (typeof figure !== "number" || typeof floor !== "number" || typeof ratio !== "number") return;
  // Each of the three is rounded.
  expect((ratio * floor) / figure).toBeCloseTo(1, 2);
}
