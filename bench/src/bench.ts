/** What a figure has to reach. */
export interface Goal {
  /** The figure itself, or how it stands to its floor. */
  readonly of: "figure" | "ratio";
  readonly is: "at least" | "at most";
  readonly value: number;
}

/** One figure, measured in turns with its floor. */
export interface Measured {
  /** The bench, or the bench and which of its figures it is: `ingest-python.bulk`. */
  readonly name: string;
  readonly unit: string;
  /** Without one it is only told. */
  readonly goal?: Goal | undefined;
  /** As often as it was measured, in order. */
  readonly figures: readonly number[];
  /** Those measured beside the figures. */
  readonly floors: readonly number[];
  /** What the floor is. */
  readonly floor: string;
}

/** How a bench is to be run. */
export interface Setting {
  /** Small sizes, which prove that a bench works and say nothing about speed. */
  readonly quick: boolean;
  /** Tells how far it has come. */
  say(message: string): void;
}

/** A bench: one file in `benches/`. */
export interface Bench {
  readonly name: string;
  /** What it measures, in one line. */
  readonly what: string;
  run(setting: Setting): Promise<Measured[]>;
}

/** Thrown by a bench that needs what this machine does not have. */
export class Missing extends Error {}

/** Ends a bench whose results would mean nothing. */
export function demand(condition: boolean, problem: string): asserts condition {
  if (!condition) throw new Error(problem);
}

export const atLeast = (value: number): Goal => ({ of: "ratio", is: "at least", value });
export const atMost = (value: number): Goal => ({ of: "ratio", is: "at most", value });
export const figureAtMost = (value: number): Goal => ({ of: "figure", is: "at most", value });
export const figureAtLeast = (value: number): Goal => ({ of: "figure", is: "at least", value });
