import { HiveWatchError } from "./errors.ts";
import { createRun, type Run, type RunOptions } from "./run.ts";

let current: Run | undefined;

/**
 * Starts a run and makes it the one that the functions of this module act on. A run that was current before is left as it
 * is.
 *
 * @throws HiveWatchError `invalid_run_id`, `invalid_event`
 */
export function init(options: RunOptions = {}): Run {
  current = createRun(options);
  return current;
}

function run(): Run {
  if (current === undefined) throw new HiveWatchError("no_run", "there is no run yet: call init() first");
  return current;
}

/** {@link Run.roundStart} of the default run. Like all of these, it throws HiveWatchError `no_run` before `init`. */
export const roundStart: Run["roundStart"] = (...args) => run().roundStart(...args);
/** {@link Run.logClientUpdate} of the default run. */
export const logClientUpdate: Run["logClientUpdate"] = (...args) => run().logClientUpdate(...args);
/** {@link Run.logRound} of the default run. */
export const logRound: Run["logRound"] = (...args) => run().logRound(...args);
/** {@link Run.logDropout} of the default run. */
export const logDropout: Run["logDropout"] = (...args) => run().logDropout(...args);
/** {@link Run.logCommFailure} of the default run. */
export const logCommFailure: Run["logCommFailure"] = (...args) => run().logCommFailure(...args);
/** {@link Run.logCheckpoint} of the default run. */
export const logCheckpoint: Run["logCheckpoint"] = (...args) => run().logCheckpoint(...args);
/** {@link Run.setServerMetadata} of the default run. */
export const setServerMetadata: Run["setServerMetadata"] = (...args) => run().setServerMetadata(...args);
/** {@link Run.logEvent} of the default run. */
export const logEvent: Run["logEvent"] = (...args) => run().logEvent(...args);
/** {@link Run.finish} of the default run. */
export const finish: Run["finish"] = (...args) => run().finish(...args);
