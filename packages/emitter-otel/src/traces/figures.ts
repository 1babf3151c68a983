import { CLIENT_NUMBERS, ROUND_NUMBERS } from "@hivewatch/core";
import type { Attributes } from "@opentelemetry/api";
import { ATTRIBUTES } from "../attributes.ts";
import { isTellable } from "../values.ts";

// Rounds have an attribute of their own, and places are told on request only.
const CLIENT_FIELDS = CLIENT_NUMBERS.filter((name) => !["round", "lat", "lng"].includes(name));

/** What a client reported of the metadata contract's numbers. */
export function clientFigures(client: Readonly<Record<string, unknown>>): Attributes {
  return figures(client, CLIENT_FIELDS, ATTRIBUTES.client);
}

/** What a server reported of the metadata contract's numbers. */
export function roundFigures(metrics: Readonly<Record<string, unknown>>): Attributes {
  return figures(metrics, ROUND_NUMBERS, ATTRIBUTES.roundMetrics);
}

/** What receivers break on, and what as text would change the attribute's type, is listed by name. */
function figures(values: Readonly<Record<string, unknown>>, fields: readonly string[], pattern: string): Attributes {
  const attributes: Attributes = {};
  const nonFinite: string[] = [];
  for (const field of fields) {
    const value = values[field];
    if (typeof value !== "number") continue;
    if (isTellable(value)) attributes[pattern.replace("*", field)] = value;
    else nonFinite.push(`${field}=${value}`);
  }
  if (nonFinite.length > 0) attributes[ATTRIBUTES.nonFinite] = nonFinite;
  return attributes;
}
