import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const src = new URL("../src/", import.meta.url);
const files = readdirSync(src).map((name) => ({ name, text: readFileSync(new URL(name, src), "utf8") }));

describe("the source, which must run in a browser as well", () => {
  it.each(files)("$name imports nothing but its neighbours", ({ text }) => {
    const imported = [...text.matchAll(/\b(?:from|import|require)\s*\(?\s*["']([^"']+)["']/g)].map((match) => match[1]);
    for (const path of imported) expect(path).toMatch(/^\.\/[a-z-]+\.ts$/);
  });

  it.each(files)("$name uses no global of Node", ({ text }) => {
    const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
    expect(code).not.toMatch(/\b(?:process|Buffer|global|__dirname|setImmediate|NodeJS)\b(?!["'])/);
  });
});
