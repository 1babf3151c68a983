/**
 * What kind of thing went wrong. The set is closed: a program may switch over it.
 *
 * - `invalid_event`: an event or a field of it breaks the metadata contract
 * - `invalid_run_id`: a run id that could not be a file's name
 * - `no_run`: a logging function was called before `init`
 * - `finished`: a run was written to after it had finished
 * - `not_found`: a run, file or route that doesn't exist
 * - `malformed`: bytes that can't be decoded
 * - `corrupt_log`: a log on disk that can't be read on
 * - `locked`: a log that another process is writing
 * - `unavailable`: a disk, port or server that can't be used now
 * - `usage`: wrong options or configuration
 */
export type HiveWatchErrorCode =
  | "invalid_event"
  | "invalid_run_id"
  | "no_run"
  | "finished"
  | "not_found"
  | "malformed"
  | "corrupt_log"
  | "locked"
  | "unavailable"
  | "usage";

/** The one error class of HiveWatch. Its message says what was wrong, where, and what to do. */
export class HiveWatchError extends Error {
  override readonly name = "HiveWatchError";
  readonly code: HiveWatchErrorCode;

  constructor(code: HiveWatchErrorCode, message: string, options?: { cause?: unknown }) {
    super(`[hivewatch] ${message}`, options);
    this.code = code;
  }

  /** Recognises the errors of any installed copy of HiveWatch, which `instanceof` would not. */
  static is(value: unknown): value is HiveWatchError {
    return value instanceof Error && value.name === "HiveWatchError" && "code" in value;
  }
}

/** The message of anything that was thrown. */
export function errorMessage(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
