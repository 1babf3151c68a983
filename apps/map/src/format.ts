// Nothing here is of `Intl`: a browser takes about ten milliseconds to wake it up, before there is anything on the page.
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec".split(" ");
const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** What stands for a value that nobody reported. */
export const MISSING = "–";

type Value = number | null | undefined;

/** Wraps a formatter of finite numbers: a missing value is a dash, and NaN and infinities keep their names. */
function numeric(format: (value: number) => string): (value: Value) => string {
  return (value) => {
    if (value === null || value === undefined) return MISSING;
    if (Number.isNaN(value)) return "NaN";
    if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
    return format(value);
  };
}

/** Whole numbers, grouped: `12,345`. */
export const formatCount = numeric(grouped);

function grouped(value: number): string {
  return value.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A fraction of 1 as percent. */
export const formatPercent = numeric((value) => `${(value * 100).toFixed(1)}%`);

/** Whether an accuracy is from 0 to 100, as some frameworks have it. Rounding may put a fraction of 1 a little above 1. */
export function isPercent(accuracy: number): boolean {
  return accuracy > 1.000_001;
}

/** An accuracy: a fraction of 1, or in percent. */
export const formatAccuracy = numeric((value) => (isPercent(value) ? `${value.toFixed(1)}%` : formatPercent(value)));

/** A number of unknown size, to four significant digits. */
export const formatNumber = numeric((value) => {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2);
  if (Number.isInteger(value)) return grouped(value);
  return value.toFixed(Math.max(0, Math.min(4, 3 - Math.floor(Math.log10(size)))));
});

/** Bytes in decimal units. */
export const formatBytes = numeric((value) => {
  let size = value;
  let unit = 0;
  while (Math.abs(size) >= 999.5 && unit < BYTE_UNITS.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${unit === 0 || size >= 99.95 ? size.toFixed(0) : size.toFixed(1)} ${BYTE_UNITS[unit] ?? ""}`;
});

/** Seconds as a person would say them. */
export const formatSeconds = numeric((value) => {
  if (value > 0 && value < 0.9995) return `${(value * 1000).toFixed(0)} ms`;
  if (value < 99.95) return `${value.toFixed(1)} s`;
  const seconds = Math.round(value);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(value / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
});

/** Drops decimals that say nothing: `50.0 s` becomes `50 s`. For the marks of an axis, which are round numbers. */
export function withoutZeros(text: string): string {
  return text.replace(/(\.\d*?)0+(?!\d)/, "$1").replace(/\.(?!\d)/, "");
}

/** How long ago something was, in one unit. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}

/** A time of day in the reader's zone, `08:05:09`, from ISO 8601 text or milliseconds since 1970. */
export function formatClock(time: string | number): string {
  return formatDate(time, (date) => `${minuteOf(date)}:${twoDigits(date.getSeconds())}`);
}

/** Date and time in the reader's zone, `1 Jan 2026, 08:05`, from ISO 8601 text or milliseconds since 1970. */
export function formatDateTime(time: string | number): string {
  return formatDate(time, (date) => {
    const month = MONTHS[date.getMonth()] ?? "";
    return `${date.getDate()} ${month} ${date.getFullYear()}, ${minuteOf(date)}`;
  });
}

function formatDate(time: string | number, format: (date: Date) => string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? MISSING : format(date);
}

function minuteOf(date: Date): string {
  return `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

/** The one or the other form of a word, after its number. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** A value of an application's own field: numbers as numbers, text as it is, and anything else as JSON. */
export function formatField(value: unknown): string {
  if (typeof value === "number") return formatNumber(value);
  if (typeof value === "string") return value;
  return value === null || value === undefined ? MISSING : (JSON.stringify(value) ?? MISSING);
}
