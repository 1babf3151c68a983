import { describe } from "./describe.ts";
import { HiveWatchError } from "./errors.ts";

// What no file system takes in a name, or takes for something else than a name.
const FORBIDDEN = /[\p{Cc}/\\:*?"<>|]|^[.-]|[. ]$/u;

/**
 * Whether a run may have this id: 1 to 128 characters that may stand in a file's name, not beginning with `.` or `-` nor
 * ending with `.` or a blank.
 */
export function isRunId(value: unknown): value is string {
  if (typeof value !== "string" || value === "" || value.length > 128) return false;
  return !FORBIDDEN.test(value) && !LONE_SURROGATE.test(value);
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Returns the id, for use where a run is made or named from outside.
 *
 * @throws HiveWatchError `invalid_run_id`
 */
export function checkRunId(value: unknown): string {
  if (isRunId(value)) return value;
  throw new HiveWatchError(
    "invalid_run_id",
    `run id ${describe(value)} is not allowed: use 1 to 128 characters, none of / \\ : * ? " < > |, not beginning with "." or "-" nor ending with "." or a blank`,
  );
}

/** A new id like `run-kqzv-4821`, from the system's random source (never a seeded one, or every start would reuse it). */
export function newRunId(): string {
  const random = crypto.getRandomValues(new Uint32Array(8));
  const letters = Array.from(random.subarray(0, 4), (n) => String.fromCharCode(97 + (n % 26)));
  const digits = Array.from(random.subarray(4), (n) => n % 10);
  return `run-${letters.join("")}-${digits.join("")}`;
}
