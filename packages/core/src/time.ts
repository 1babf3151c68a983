/**
 * Microseconds since 1970-01-01 UTC as ISO 8601 text, `2026-11-23T07:43:20.337352+00:00`.
 *
 * @param micros - up to 2^53, cut to whole ones; a double holds microseconds exactly until the year 2255
 */
export function isoFromMicros(micros: number): string {
  const whole = Math.floor(micros);
  const millis = Math.floor(whole / 1000);
  const rest = whole - millis * 1000;
  const date = new Date(millis).toISOString();
  return `${date.slice(0, -1)}${String(rest).padStart(3, "0")}+00:00`;
}

const ISO_TIME = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?\s*(Z|[+-]\d{2}:?\d{2})?$/;

/**
 * Microseconds since 1970-01-01 UTC of an ISO 8601 time. One without a zone is read as UTC, as Python hivewatch writes it.
 *
 * @returns NaN if the text is no such time
 */
export function microsFromIso(text: string): number {
  const match = ISO_TIME.exec(text);
  if (match === null) return Number.NaN;
  const [, day, clock, fraction = "", zone = "Z"] = match;
  const offset = zone === "Z" ? "Z" : `${zone.slice(0, 3)}:${zone.slice(-2)}`;
  const seconds = Date.parse(`${day}T${clock}${offset}`);
  return seconds * 1000 + Number(fraction.padEnd(6, "0").slice(0, 6));
}

/** The time now, as events carry it. */
export function isoNow(): string {
  return isoFromMicros(Date.now() * 1000);
}
