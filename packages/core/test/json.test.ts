import { describe, expect, it } from "vitest";
import { numberFromJson, parseLenientJson, stringifyEvent } from "../src/index.ts";

describe("stringifyEvent", () => {
  it("writes numbers that JSON has none for as their names", () => {
    const value = { a: Number.NaN, b: [Number.POSITIVE_INFINITY, { c: Number.NEGATIVE_INFINITY }], d: 1.5 };
    expect(stringifyEvent(value)).toBe('{"a":"NaN","b":["Infinity",{"c":"-Infinity"}],"d":1.5}');
  });

  it("writes 64-bit integers as text, and leaves out what is undefined", () => {
    expect(stringifyEvent({ id: 17293822569102704640n, gone: undefined, nothing: null })).toBe(
      '{"id":"17293822569102704640","nothing":null}',
    );
  });
});

describe("numberFromJson", () => {
  it.each([
    [1, 1],
    ["NaN", Number.NaN],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["-Infinity", Number.NEGATIVE_INFINITY],
    ["nan", undefined],
    ["1", undefined],
    [null, undefined],
    [true, undefined],
  ])("reads %j as %s", (value, number) => {
    expect(numberFromJson(value)).toBe(number);
  });

  it("reads back what stringifyEvent writes", () => {
    for (const value of [0, -0.1, 1e308, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(numberFromJson(JSON.parse(stringifyEvent(value)))).toBe(value);
    }
  });
});

describe("parseLenientJson", () => {
  it("parses JSON", () => {
    expect(parseLenientJson('{"a":[1,"NaN"],"b":null}')).toEqual({ a: [1, "NaN"], b: null });
  });

  it("parses the bare words that Python writes", () => {
    expect(parseLenientJson('{"a": NaN, "b": [Infinity, -Infinity], "c": 1}')).toEqual({
      a: "NaN",
      b: ["Infinity", "-Infinity"],
      c: 1,
    });
  });

  it("leaves the words inside of texts and names alone", () => {
    const text = String.raw`{"NaN": "no NaN here, \"Infinity\" neither \\", "x": NaN}`;
    expect(parseLenientJson(text)).toEqual({ NaN: 'no NaN here, "Infinity" neither \\', x: "NaN" });
  });

  it.each(["", "{", "NaNx", "{'a': NaN}", "[NaN"])("throws a SyntaxError for %j", (text) => {
    expect(() => parseLenientJson(text)).toThrow(SyntaxError);
  });
});
