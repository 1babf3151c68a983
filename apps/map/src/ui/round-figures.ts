import { FIGURE_SOURCE, type Rounds } from "../data/run-data.ts";

/** A figure of a round; undefined if it is not known. */
export function figureAt({ figures }: Rounds, name: string, index: number): number | undefined {
  const figure = figures.get(name);
  return figure === undefined || (figure.source[index] ?? FIGURE_SOURCE.missing) === FIGURE_SOURCE.missing
    ? undefined
    : figure.values[index];
}

/** A figure of the global model, and where it comes from. */
export interface GlobalFigure {
  readonly value: number;
  /** Who measured it, in words. */
  readonly source: string;
  /** The round it is of: an earlier one while the shown round has none yet. */
  readonly round: number;
}

/**
 * The accuracy or loss to show for a round: as reported; else, of a round that is over, the clients' mean; else the
 * newest earlier one, since a round that still goes on has no result.
 *
 * @param last - the round's index
 */
export function globalFigure(rounds: Rounds, last: number, name: "accuracy" | "loss"): GlobalFigure | undefined {
  for (let index = Math.min(last, rounds.numbers.length - 1); index >= 0; index--) {
    const round = rounds.numbers[index] ?? 0;
    const isOpen = rounds.open[index] === 1;
    const reported = figureAt(rounds, `global_${name}`, index);
    if (reported !== undefined) return { value: reported, source: sourceLabel(rounds, index), round };
    const mean = figureAt(rounds, `clients_${name}`, index);
    if (mean !== undefined && (!isOpen || index === 0)) return { value: mean, source: "clients’ mean", round };
    if (!isOpen) return undefined;
  }
  return undefined;
}

/** What adapters call their sources, in words. */
const SOURCES: Readonly<Record<string, string>> = {
  central: "evaluated centrally",
  federated: "evaluated by the clients",
};

function sourceLabel({ notes }: Rounds, index: number): string {
  return sourceText(notes.get("global_source")?.[index]) ?? "reported by the server";
}

/** Who measured a figure, in words; undefined: nobody said. */
export function sourceText(source: unknown): string | undefined {
  if (typeof source !== "string" || source === "") return undefined;
  return Object.hasOwn(SOURCES, source) ? SOURCES[source] : source;
}

/** Bytes moved up to and including a round, where any were reported. */
export function bytesThrough(rounds: Rounds, last: number): number | undefined {
  let sum: number | undefined;
  for (const name of ["total_bytes_up", "total_bytes_down"]) {
    for (let index = 0; index <= last && index < rounds.numbers.length; index++) {
      const bytes = figureAt(rounds, name, index);
      if (bytes !== undefined) sum = (sum ?? 0) + bytes;
    }
  }
  return sum;
}

/** How many rounds the training is meant to have, if its settings say so. */
export function plannedRounds(config: Readonly<Record<string, unknown>>): number | undefined {
  for (const name of ["num_rounds", "rounds"]) {
    const value = config[name];
    if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
  }
  return undefined;
}
