import type { Sampler, SpanLimits } from "@opentelemetry/sdk-trace";
import { type Environment, numberOf, positiveOf, textOf } from "../environment.ts";

type Sdk = typeof import("@opentelemetry/sdk-trace");

/** The sampler that `OTEL_TRACES_SAMPLER` names, as OpenTelemetry's own set-up reads it. */
export function samplerOf(sdk: Sdk, env: Environment, say: (message: string) => void): Sampler {
  const name = textOf(env.OTEL_TRACES_SAMPLER) ?? "parentbased_always_on";
  const root = rootSampler(sdk, name.replace(/^parentbased_/, ""), () => ratioOf(env, say));
  if (root === undefined) {
    say(`OTEL_TRACES_SAMPLER is ${name}, which is not known here: every trace is sent`);
    return new sdk.ParentBasedSampler({ root: new sdk.AlwaysOnSampler() });
  }
  return name.startsWith("parentbased_") ? new sdk.ParentBasedSampler({ root }) : root;
}

function rootSampler(sdk: Sdk, name: string, ratio: () => number): Sampler | undefined {
  if (name === "always_on") return new sdk.AlwaysOnSampler();
  if (name === "always_off") return new sdk.AlwaysOffSampler();
  if (name === "traceidratio") return new sdk.TraceIdRatioBasedSampler(ratio());
  return undefined;
}

function ratioOf(env: Environment, say: (message: string) => void): number {
  const text = textOf(env.OTEL_TRACES_SAMPLER_ARG);
  const ratio = numberOf(text) ?? Number.NaN;
  if (ratio >= 0 && ratio <= 1) return ratio;
  say(`OTEL_TRACES_SAMPLER_ARG is ${text ?? "not set"}, and no number from 0 to 1: every trace is sent`);
  return 1;
}

/** The limits of spans that the environment sets. */
export function spanLimitsOf(env: Environment): SpanLimits {
  return given({
    attributeValueLengthLimit:
      numberOf(env.OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT) ?? numberOf(env.OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT),
    attributeCountLimit: numberOf(env.OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT) ?? numberOf(env.OTEL_ATTRIBUTE_COUNT_LIMIT),
    linkCountLimit: numberOf(env.OTEL_SPAN_LINK_COUNT_LIMIT),
    eventCountLimit: numberOf(env.OTEL_SPAN_EVENT_COUNT_LIMIT),
  });
}

/** The limits of log records that the environment sets. */
export function logLimitsOf(env: Environment): { attributeValueLengthLimit?: number; attributeCountLimit?: number } {
  return given({
    attributeValueLengthLimit:
      positiveOf(env.OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT) ?? positiveOf(env.OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT),
    attributeCountLimit:
      positiveOf(env.OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT) ?? positiveOf(env.OTEL_ATTRIBUTE_COUNT_LIMIT),
  });
}

function given(limits: Readonly<Record<string, number | undefined>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(limits).flatMap(([name, limit]) => (limit === undefined ? [] : [[name, limit]])),
  );
}
