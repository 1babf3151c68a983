import { staleness } from "@hivewatch/core";
import type { Attributes } from "@opentelemetry/api";
import { ATTRIBUTES } from "../attributes.ts";
import { clientSpanIds, type RoundKey, roundIds } from "../ids.ts";
import { remoteContext } from "../trace-context.ts";
import { bounded, isTellable } from "../values.ts";
import type { Stretch } from "./client-times.ts";
import { clientFigures } from "./figures.ts";
import type { ChosenReport } from "./reports.ts";
import type { SpanPlan } from "./span-plan.ts";

/**
 * The span of a client in a round, with its phases as far as they are known.
 *
 * @param count - tells apart what it did more than once in the round
 */
export function clientPlan(round: RoundKey, report: ChosenReport, count: string): SpanPlan {
  const { client, times, failure } = report;
  const { traceId } = roundIds(round.runId, round.number, round.attempt);
  const [own, ...phaseIds] = clientSpanIds(round, client.client_id, count);
  const about: Attributes = {
    [ATTRIBUTES.runId]: round.runId,
    [ATTRIBUTES.round]: round.number,
    [ATTRIBUTES.clientId]: bounded(client.client_id),
  };
  const phases = [
    ["assign", times.assign, phaseIds[0]],
    ["train", times.train, phaseIds[1]],
    ["upload", times.upload, phaseIds[2]],
  ] as const;
  const remote = remoteContext(client.traceparent);
  return {
    name: "client",
    ids: { traceId, spanId: own },
    start: times.start,
    end: times.end,
    attributes: { ...about, ...attributesOf(round, report) },
    failure,
    links: remote && [remote],
    children: phases.flatMap(([name, stretch, spanId]) => phasePlan(name, { traceId, spanId }, stretch, about)),
  };
}

function phasePlan(name: string, ids: SpanPlan["ids"], stretch: Stretch | undefined, about: Attributes): SpanPlan[] {
  return stretch === undefined
    ? []
    : [{ name, ids, ...stretch, attributes: { ...about, [ATTRIBUTES.isTimeDerived]: true } }];
}

function attributesOf(round: RoundKey, { client, failure, adjustedCount, isLate }: ChosenReport): Attributes {
  const age = staleness({ round: round.number, base_round: client.base_round });
  return {
    ...clientFigures(client),
    ...(typeof client.status === "string"
      ? { [ATTRIBUTES.client.replace("*", "status")]: bounded(client.status, 64) }
      : {}),
    ...(age === undefined || !isTellable(age) ? {} : { [ATTRIBUTES.staleness]: age }),
    ...(failure?.phase === undefined ? {} : { [ATTRIBUTES.phase]: failure.phase }),
    ...(adjustedCount === undefined ? {} : { [ATTRIBUTES.adjustedCount]: adjustedCount }),
    ...(isLate ? { [ATTRIBUTES.isLate]: true } : {}),
  };
}
