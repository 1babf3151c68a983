import type { FindingKind } from "../data/run-data.ts";
import type { ClientStatus } from "../data/statuses.ts";

/** A kind of trouble in words, and the mark of the status it looks like on the map. */
export interface KindWords {
  /** What happened to the client. */
  readonly label: string;
  /** All of them. */
  readonly plural: string;
  readonly mark: ClientStatus;
}

export const KIND_WORDS: Readonly<Record<FindingKind, KindWords>> = {
  failure: { label: "failed", plural: "Failures", mark: "failed" },
  dropout: { label: "dropped out", plural: "Dropouts", mark: "dropped" },
  non_finite: { label: "sent a value that is not finite", plural: "NaN", mark: "non_finite" },
  missing: { label: "sent no result", plural: "No result", mark: "missing" },
  silent: { label: "is silent", plural: "Silent", mark: "idle" },
  outlier: { label: "is an outlier", plural: "Outliers", mark: "waiting" },
  straggler: { label: "was slow", plural: "Stragglers", mark: "straggler" },
};
