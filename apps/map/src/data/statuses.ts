/** How a client stands in a round, the gravest first. */
export const CLIENT_STATUSES = [
  "failed",
  "dropped",
  "non_finite",
  "straggler",
  "missing",
  "waiting",
  "active",
  "idle",
] as const;

/** One of {@link CLIENT_STATUSES}. */
export type ClientStatus = (typeof CLIENT_STATUSES)[number];

/** Index of each in {@link CLIENT_STATUSES}. */
export const STATUS_CODES: Readonly<Record<ClientStatus, number>> = {
  failed: 0,
  dropped: 1,
  non_finite: 2,
  straggler: 3,
  missing: 4,
  waiting: 5,
  active: 6,
  idle: 7,
};

/** The statuses in words. */
export const STATUS_LABELS: Readonly<Record<ClientStatus, string>> = {
  failed: "Failed",
  dropped: "Dropped out",
  non_finite: "NaN or infinite",
  straggler: "Straggler",
  missing: "No result",
  waiting: "In progress",
  active: "Active",
  idle: "Not in this round",
};
