import { CLIENT_NUMBERS, CLIENT_TEXTS } from "@hivewatch/core";

/** The names of a run's client fields, numbered: those of the contract first, in its order, then others as they come. */
export interface FieldNames {
  readonly names: readonly string[];
  /** Each name as a key of a JSON object, with its colon. */
  readonly keys: readonly string[];
  /** The number of a name; a new one gets the next. */
  of(name: string): number;
}

/** @param known - of a run that is gone on with */
export function createFieldNames(known: readonly string[] = []): FieldNames {
  const names: string[] = [];
  const keys: string[] = [];
  const numbers = new Map<string, number>();
  const of = (name: string): number => {
    let number = numbers.get(name);
    if (number === undefined) {
      number = names.push(name) - 1;
      keys.push(`${JSON.stringify(name)}:`);
      numbers.set(name, number);
    }
    return number;
  };
  for (const name of [...CLIENT_NUMBERS, ...CLIENT_TEXTS, ...known]) of(name);
  return { names, keys, of };
}
