import { microsFromIso } from "@hivewatch/core";

/** The last time that OTLP has a number for, in microseconds since 1970: the year 2262. */
const LAST_MICROS = Number(2n ** 63n / 1000n) - 1e6;

/** An event's time in microseconds since 1970, as near as OTLP can tell it; NaN if it is none. */
export function microsOf(time: string): number {
  return Math.min(Math.max(microsFromIso(time), 0), LAST_MICROS);
}

/** Text that others chose, as far as a backend should be asked to keep it: with an end, and without halves of characters. */
export function bounded(text: string, maxLength = 1024): string {
  const cut = text.length <= maxLength ? text : `${text.slice(0, maxLength - 1)}…`;
  return cut.replace(/\p{Surrogate}/gu, "\ufffd");
}

/** A time as OpenTelemetry takes it: seconds since 1970, and nanoseconds. */
export function hrTime(micros: number): [seconds: number, nanoseconds: number] {
  const seconds = Math.floor(micros / 1e6);
  return [seconds, Math.floor(micros - seconds * 1e6) * 1000];
}

/**
 * Whether a number can be an attribute: OTLP in JSON has no words for what isn't finite, and exporters write every whole number,
 * as all are from 2^53 on, as one of 64 bits.
 */
export function isTellable(value: number): boolean {
  return Math.abs(value) < 2 ** 63;
}

/** A length of time that was measured; undefined if it is none. */
export function measured(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 && Number.isFinite(value) ? value : undefined;
}
