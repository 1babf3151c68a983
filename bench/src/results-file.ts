import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describeMachine } from "./machine.ts";
import { cellsOf, type Result } from "./report.ts";

const FILE = fileURLToPath(new URL("../RESULTS.md", import.meta.url));
const COLUMNS = ["bench", "figure", "floor", "ratio", "spread of the ratio", "goal", "holds", "measured"];

/** Writes `RESULTS.md`: what was measured now, and the rows of the benches that were not run. */
export function writeResults(results: readonly Result[], order: readonly string[]): void {
  const rows = new Map(oldRows());
  const today = new Date().toISOString().slice(0, 10);
  for (const result of results) rows.set(result.bench, rowOf([...cellsOf(result), today]));
  const placeOf = (name: string): number => order.indexOf(name.split(".")[0] ?? "");
  const sorted = [...rows].filter(([name]) => placeOf(name) >= 0).sort(([a], [b]) => placeOf(a) - placeOf(b));
  writeFileSync(
    FILE,
    `# Figures

Written by \`pnpm bench --write\`; \`pnpm bench --help\` says what each bench measures. A figure is the median of several
turns, and so is its floor, which is measured in turns with it; \`spread\` is the lowest and the highest ratio of a turn.

Machine: ${describeMachine()}. It is shared with others, so read the ratios and not the figures.

${[rowOf(COLUMNS), rowOf(COLUMNS.map(() => "---")), ...sorted.map(([, row]) => row)].join("\n")}
`,
  );
}

function oldRows(): [name: string, row: string][] {
  const text = existsSync(FILE) ? readFileSync(FILE, "utf8") : "";
  return text
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line): [string, string] => [line.split("|")[1]?.trim() ?? "", line])
    .filter(([name]) => name !== "bench" && name !== "---");
}

function rowOf(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
