import { newSeed, randomFrom } from "@hivewatch/test-support";
import { describe, expect, it } from "vitest";
import { isCut, keyOf, originalPart, safePart, safeText } from "../src/names.ts";

/** What MLflow's servers check, in `mlflow/utils/validation.py`. */
const ALLOWED = /^[/\w.\- \p{L}\p{Nd}]*$/u;

describe("a part of a name", () => {
  it.each([
    "hospital-a",
    "Köln Klinik",
    "東京 病院",
    "17293822569102704640",
    "a/b/c",
    "..",
    ".",
    "...",
    "_x2f_",
    "__x2f_x2f_",
    "C:\\temp",
    "<img src=x onerror=alert(1)>",
    "line\none",
    "👩‍⚕️ clinic",
    "\u202eright",
    " ",
    " a ",
    "__proto__",
    "a@b#c,d%e+f(g)",
    "site_xfacade/1",
    "node_xdeadbeef#1",
    "_x40/",
    "@x2f_",
    "_x40 ",
  ])("is one that MLflow takes, and can be read back: %j", (text) => {
    const part = safePart(text);
    expect(part).toMatch(ALLOWED);
    expect(part).not.toMatch(/\/|^\.+$|^ | $/);
    expect(originalPart(part)).toBe(text);
    expect(isCut(text)).toBe(false);
  });

  it("is another one for each text, whatever is in it", () => {
    const random = randomFrom(newSeed());
    const pieces = [
      "_",
      "x",
      "f",
      "4",
      "0",
      "2f",
      "@",
      "/",
      " ",
      ".",
      "-",
      "_x",
      "_x40",
      "x2f_",
      "g",
      "ü",
      "𠮷",
      "\ud842",
    ];
    const wrong: string[] = [];
    for (let time = 0; time < 20_000; time++) {
      const text = Array.from({ length: 1 + random.below(8) }, () => pieces[random.below(pieces.length)]).join("");
      const part = safePart(text);
      if (!ALLOWED.test(part) || originalPart(part) !== text) wrong.push(text);
    }
    expect(wrong).toEqual([]);
  });

  it("leaves what is safe as it is", () => {
    for (const text of ["hospital-a", "site_7.x", "Köln Klinik"]) expect(safePart(text)).toBe(text);
  });

  it("is never empty, and never too long; long ones differ by their hash", () => {
    expect(safePart("")).not.toBe("");
    const [a, b] = [safePart(`${"x".repeat(256)}a`), safePart(`${"x".repeat(256)}b`)];
    expect(a).not.toBe(b);
    expect(a).toHaveLength(100);
    expect(isCut("x".repeat(256))).toBe(true);
  });
});

it("a name of many parts is no longer than MLflow takes", () => {
  const parts = Array.from({ length: 5 }, (_, i) => `${i}`.repeat(100));
  expect(keyOf(...parts)).toHaveLength(250);
  expect(keyOf(...parts)).not.toBe(keyOf(...parts, "z"));
  expect(keyOf("client", "a", "loss")).toBe("client/a/loss");
});

it("no cut goes through a character", () => {
  for (const before of ["", "x"]) {
    const part = safePart(before + "𠮷".repeat(100));
    expect(part).toMatch(/^x?𠮷+-[0-9a-f]{8}$/u);
    expect(keyOf(...Array.from({ length: 6 }, () => part))).not.toMatch(/\p{Surrogate}/u);
  }
});

it("text keeps its characters but those that no database takes", () => {
  expect(safeText("a\0b\ud800c 👩 ü")).toBe("a\ufffdb\ufffdc 👩 ü");
});
