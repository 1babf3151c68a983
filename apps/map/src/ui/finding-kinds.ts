import type { FindingKind } from "../data/run-data.ts";
import type { MarkName } from "../map/shapes.ts";

/** A kind of trouble in words, and its mark: that of the status, where it makes one. */
export interface KindWords {
  /** What happened to the client. */
  readonly label: string;
  /** All of them. */
  readonly plural: string;
  readonly mark: MarkName;
}

export const KIND_WORDS: Readonly<Record<FindingKind, KindWords>> = {
  failure: { label: "failed", plural: "Failures", mark: "failed" },
  dropout: { label: "dropped out", plural: "Dropouts", mark: "dropped" },
  non_finite: { label: "sent a value that is not finite", plural: "NaN", mark: "non_finite" },
  missing: { label: "sent no result", plural: "No result", mark: "missing" },
  silent: { label: "is silent", plural: "Silent", mark: "silent" },
  outlier: { label: "is an outlier", plural: "Outliers", mark: "outlier" },
  straggler: { label: "was slow", plural: "Stragglers", mark: "straggler" },
};
