import type { RoundTable } from "../data/run-data.ts";
import { unknownFields } from "./check-fields.ts";
import { type Matches, matchClients } from "./match-clients.ts";
import { parseQuery } from "./parse-query.ts";
import type { Problem } from "./query.ts";
import type { SearchSource } from "./search-source.ts";

/** A text that clients are searched for, as it was understood. */
export interface Search {
  /** Which clients are meant; undefined: all. */
  matches(source: SearchSource): Matches | undefined;
  /** What could not be understood, or is known of nobody. */
  problems(table: RoundTable | undefined, metrics: readonly string[]): readonly Problem[];
}

/** Understands a text. */
export function searchFor(text: string): Search {
  const query = parseQuery(text);
  return {
    matches: (source) => matchClients(query, source),
    problems: (table, metrics) => [
      ...query.problems,
      ...(table === undefined ? [] : unknownFields(query, table, metrics)),
    ],
  };
}
