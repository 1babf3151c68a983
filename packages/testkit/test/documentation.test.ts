import { readdirSync, readFileSync } from "node:fs";
import { expect, it, vi } from "vitest";

const examples = new URL("examples/", import.meta.url);
const compiled = readdirSync(examples).map((name) => readFileSync(new URL(name, examples), "utf8"));

const PAGES = ["../../../docs/writing-an-emitter.md", "../../core/README.md", "../README.md"];

it.each(PAGES)("%s shows code that is compiled and run, word for word", (page) => {
  const text = readFileSync(new URL(page, import.meta.url), "utf8");
  const blocks = [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? "");
  expect(blocks.length).toBeGreaterThan(0);
  for (const block of blocks)
    expect(
      compiled.find((code) => code.includes(block)),
      block,
    ).toBeDefined();
});

it("shows a first run that works", async () => {
  const log = vi.spyOn(console, "log").mockReturnValue();
  await import("./examples/first-run.ts");
  const [round, end] = log.mock.calls.flat().slice(-2);
  expect(round).toContain("round 3: 1 of 2 clients, accuracy 0.8000, loss 0.2367");
  expect(end).toMatch(/^run run-[a-z]{4}-\d{4} completed$/);
  log.mockRestore();
});
