import type { Finding, FindingFact } from "../data/run-data.ts";
import { fieldLabel, fieldText } from "./field-names.ts";

/** Why somebody should look at a client, in words. */
export function findingText({ kind, detail, facts = [] }: Finding): string {
  if (facts.length > 0) return facts.map(kind === "straggler" ? slownessText : factText).join(", ");
  return detail === "" ? "no reason is known" : detail;
}

function factText({ field, value, usual }: FindingFact): string {
  const text = `${fieldLabel(field)} is ${fieldText(field, value)}`;
  return usual === undefined ? text : `${text}, far from the round’s median of ${fieldText(field, usual)}`;
}

function slownessText({ field, value, usual = value }: FindingFact): string {
  return `trained for ${fieldText(field, value)}, ${Number((value / usual).toPrecision(2))} times the round’s median`;
}
