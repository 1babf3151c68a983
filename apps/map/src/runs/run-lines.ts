/** How the line of a run looks: colour and dashes. */
export interface RunLine {
  /** The style sheet's variable. */
  readonly color: string;
  readonly dash?: readonly number[];
}

/** As many runs fit on a chart: the open one, and others. */
export const MAX_COMPARED = 7;

/** The open run's line. */
export const OWN_LINE: RunLine = { color: "--chart-1" };

/** The lines of the others, in the order in which they were chosen. */
const OTHER_LINES: readonly RunLine[] = [
  { color: "--run-2", dash: [6, 3] },
  { color: "--run-3", dash: [2, 2] },
  { color: "--run-4", dash: [8, 3, 2, 3] },
  { color: "--run-5", dash: [10, 4] },
  { color: "--run-6", dash: [4, 2] },
  { color: "--run-7", dash: [8, 2, 2, 2, 2, 2] },
  { color: "--run-8", dash: [3, 4] },
];

/** The line of a compared run. */
export function lineOfRun(place: number): RunLine {
  return OTHER_LINES[place % OTHER_LINES.length] ?? OWN_LINE;
}
