import type { RoundTable } from "../data/run-data.ts";
import type { Problem, Query } from "./query.ts";
import { isKnownField } from "./search-source.ts";

/** Conditions on fields of which nothing is known: they are met by nobody, which is most likely not what is meant. */
export function unknownFields(
  { terms }: Query,
  table: RoundTable | undefined,
  metrics: readonly string[],
): readonly Problem[] {
  return terms.flatMap((term): Problem[] => {
    if (term.kind === "word" || metrics.includes(term.field) || isKnownField(table, term.field)) return [];
    return [{ start: term.start, end: term.end, message: `no client reported “${term.field}” in this round` }];
  });
}
