/** What somebody looks for: terms that a client must meet all of. */
export interface Query {
  readonly terms: readonly Term[];
  /** What could not be understood; the terms are those that could. */
  readonly problems: readonly Problem[];
}

export type Term = Word | Condition;

/** A part of the text, from `start` up to but without `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Word extends Span {
  readonly kind: "word";
  readonly negated: boolean;
  readonly text: string;
}

export interface Condition extends Span {
  readonly kind: "condition";
  readonly negated: boolean;
  readonly field: string;
  readonly operator: Operator;
  /** One for `<`, `<=`, `>` and `>=`; else any of them will do. */
  readonly values: readonly Operand[];
}

/** Longer ones first, so that `<=` isn't read as `<`. */
export const OPERATORS = ["!=", "<=", ">=", ":", "=", "<", ">"] as const;

export type Operator = (typeof OPERATORS)[number];

export interface Operand {
  readonly text: string;
  /** Quoted, so that `"none"` is that word. */
  readonly quoted: boolean;
}

export interface Problem extends Span {
  /** What is wrong, for people. */
  readonly message: string;
}
