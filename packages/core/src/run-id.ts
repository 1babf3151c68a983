import { HiveWatchError } from "./errors.ts";

const RUN_ID = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/** Whether a run may have this id: up to 128 letters, digits, `_`, `-` and `.`, not starting with `-` or `.`. */
export function isRunId(value: unknown): value is string {
  return typeof value === "string" && RUN_ID.test(value);
}

/**
 * Returns the id, for use where a run is made or named from outside.
 *
 * @throws HiveWatchError `invalid_run_id`
 */
export function checkRunId(value: unknown): string {
  if (isRunId(value)) return value;
  throw new HiveWatchError(
    "invalid_run_id",
    `run id ${describe(value)} is not allowed: use up to 128 letters, digits, "_", "-" and ".", beginning with a letter, a digit or "_"`,
  );
}

/** A new id like `run-kqzv-4821`, from the system's random source (never a seeded one, or every start would reuse it). */
export function newRunId(): string {
  const random = crypto.getRandomValues(new Uint32Array(8));
  const letters = Array.from(random.subarray(0, 4), (n) => String.fromCharCode(97 + (n % 26)));
  const digits = Array.from(random.subarray(4), (n) => n % 10);
  return `run-${letters.join("")}-${digits.join("")}`;
}

/** A value as an error message shows it: short, on one line. */
export function describe(value: unknown): string {
  let text: string | undefined;
  try {
    text = typeof value === "number" ? String(value) : JSON.stringify(value);
  } catch {
    text = undefined;
  }
  text ??= String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
