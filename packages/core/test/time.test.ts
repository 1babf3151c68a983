import { describe, expect, it } from "vitest";
import { isoFromMicros, isoNow, microsFromIso } from "../src/index.ts";

const MICROS = 1_795_420_000_337_352;

describe("isoFromMicros", () => {
  it("writes microseconds and the zone", () => {
    expect(isoFromMicros(0)).toBe("1970-01-01T00:00:00.000000+00:00");
    expect(isoFromMicros(1_000_001)).toBe("1970-01-01T00:00:01.000001+00:00");
  });

  it("is exact, both ways", () => {
    for (const rest of [0, 1, 7, 999, 1_000, 999_999]) {
      const micros = MICROS - (MICROS % 1_000_000) + rest;
      expect(microsFromIso(isoFromMicros(micros))).toBe(micros);
    }
  });

  it("cuts parts of a microsecond off, and never carries them over", () => {
    expect(isoFromMicros(999.9996)).toBe("1970-01-01T00:00:00.000999+00:00");
  });

  it("writes times before 1970", () => {
    expect(isoFromMicros(-1)).toBe("1969-12-31T23:59:59.999999+00:00");
    expect(microsFromIso("1969-12-31T23:59:59.999999Z")).toBe(-1);
  });
});

describe("microsFromIso", () => {
  const noon = Date.UTC(2026, 10, 23, 12) * 1000;

  it.each([
    ["2026-11-23T12:00:00Z", 0],
    ["2026-11-23T12:00:00+00:00", 0],
    ["2026-11-23T14:00:00+02:00", 0],
    ["2026-11-23T17:30:00+0530", 0],
    ["2026-11-23T02:00:00-10:00", 0],
    ["2026-11-23T12:00:00", 0],
    ["2026-11-23 12:00:00", 0],
    ["2026-11-23T12:00:00.5Z", 500_000],
    ["2026-11-23T12:00:00.000001", 1],
    ["2026-11-23T12:00:00.123456789Z", 123_456],
  ])("reads %s; without a zone it is UTC", (text, after) => {
    expect(microsFromIso(text)).toBe(noon + after);
  });

  it.each(["", "now", "2026-11-23", "12:00:00", "2026-13-01T00:00:00Z", "2026-11-23T25:00:00Z", "1795420000"])(
    "knows no time %j",
    (text) => {
      expect(microsFromIso(text)).toBeNaN();
    },
  );
});

describe("isoNow", () => {
  it("is a time that can be read", () => {
    expect(microsFromIso(isoNow())).toBeGreaterThan(MICROS / 2);
  });
});
