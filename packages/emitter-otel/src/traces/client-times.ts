import type { ClientMetrics } from "@hivewatch/core";
import { measured } from "../values.ts";

/** A stretch of time, in microseconds since 1970. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** When a client did what, as far as is known. */
export interface ClientTimes extends Stretch {
  readonly assign: Stretch | undefined;
  readonly train: Stretch | undefined;
  readonly upload: Stretch | undefined;
}

/** What a client's time must be seen against, in microseconds since 1970. */
export interface Bounds {
  readonly runStart: number;
  /** Undefined: nobody said when the round began. */
  readonly roundStart: number | undefined;
}

/**
 * The times of what a client reported.
 *
 * It began when it was asked (its round trip tells), else with the round, else with its training. What was measured is a
 * length, and not a place: training lies directly before the upload, as late as it can have been, and the upload, which takes
 * the network's latency, before the report. What doesn't fit into the run, or into the round trip, is left out.
 *
 * @param at - when the server reported it, in microseconds since 1970
 */
export function clientTimes(client: ClientMetrics, at: number, { runStart, roundStart }: Bounds): ClientTimes {
  const latency = (measured(client.network_latency_ms) ?? Number.NaN) * 1e3;
  const trainTime = (measured(client.train_time_sec) ?? Number.NaN) * 1e6;
  const asked = at - (measured(client.round_trip_sec) ?? Number.NaN) * 1e6;

  const isAskedKnown = asked >= runStart;
  const begun = isAskedKnown ? asked : roundStart !== undefined && roundStart <= at ? roundStart : undefined;
  // A client of an asynchronous round may have trained since before the round.
  const floor = isAskedKnown ? asked : runStart;

  const upload = stretch(at - latency, at, floor);
  const trainEnd = upload?.start ?? at;
  const train = stretch(trainEnd - trainTime, trainEnd, floor);
  const hasPhases = upload !== undefined && train !== undefined;
  return {
    start: Math.min(begun ?? at, train?.start ?? at, upload?.start ?? at),
    end: at,
    // Without the upload nobody knows what part of the rest was before the training.
    assign: hasPhases && begun !== undefined ? stretch(begun, train.start, floor) : undefined,
    train,
    upload,
  };
}

function stretch(start: number, end: number, floor: number): Stretch | undefined {
  return start >= floor && start <= end ? { start, end } : undefined;
}
