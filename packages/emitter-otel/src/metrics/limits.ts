import { createClientLimit } from "@hivewatch/core";
import { bounded } from "../values.ts";

/** How many names that an application or a client has made up become series: each is one for as long as the run goes on. */
const MAX_NAMES = 64;
const MAX_NAME_LENGTH = 100;

/** What somebody has made up, as the value of an attribute. */
export function boundedName(text: string): string {
  return bounded(text, MAX_NAME_LENGTH);
}

/** Which made-up names have series: the first ones. */
export interface NameLimit {
  admits(name: string): boolean;
}

/** @param what - the names are, for people */
export function createNameLimit(what: string, say: (message: string) => void): NameLimit {
  const limit = createClientLimit(MAX_NAMES);
  let isSaid = false;
  return {
    admits(name) {
      const isAdmitted = limit.admits(name);
      if (!isAdmitted && !isSaid)
        say(`of all ${what} with names of their own, the first ${MAX_NAMES} are sent as metrics`);
      isSaid ||= !isAdmitted;
      return isAdmitted;
    },
  };
}

/** Which clients have series of their own. */
export interface SingledClients {
  /** Which of some clients have, by their indexes. */
  rowsOf(ids: readonly string[]): number[];
}

/** @param most - how many; 0: none */
export function createSingledClients(most: number, say: (message: string) => void): SingledClients {
  const limit = createClientLimit(most);
  let isSaid = most === 0;
  return {
    rowsOf(ids) {
      if (most === 0) return [];
      const rows = [...ids.keys()].filter((row) => limit.admits(ids[row] ?? ""));
      if (limit.isExceeded && !isSaid) {
        isSaid = true;
        say(
          `the first ${most} clients have metrics of their own (perClient: ${most}), and all are in those over the clients`,
        );
      }
      return rows;
    },
  };
}
