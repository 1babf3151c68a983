// `pnpm bench [name…]`: how fast HiveWatch is, each figure against a floor that is measured in the same run.
import { parseArgs } from "node:util";
import { type Bench, Missing } from "./bench.ts";
import { BENCHES } from "./benches.ts";
import { clearLeftOver, clearLeftOverAtExit } from "./lib/left-over.ts";
import { type Result, resultOf, tableOf } from "./report.ts";
import { writeResults } from "./results-file.ts";

const OPTIONS = {
  json: { type: "boolean" },
  quick: { type: "boolean" },
  write: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

const longest = Math.max(...BENCHES.map(({ name }) => name.length));
const ORDER = BENCHES.map(({ name }) => name);
const LIST = BENCHES.map(({ name, what }) => `  ${name.padEnd(longest)}  ${what}`).join("\n");
const HELP = `Usage: pnpm bench [name…] [--json] [--quick] [--write]

Measures how fast HiveWatch is. A machine is never as fast as another, nor as itself an hour ago: each figure is measured
in turns with a floor, the least that any program would have to do for the same, and what counts is their ratio.

Benches (all of them, without a name):
${LIST}

Options:
  --json   one line of JSON for each figure on standard output: {"bench","figure","unit","floor","ratio","goal","holds",
           "spread"}; ratio = figure / floor. pnpm's own lines before it are left out by \`pnpm --silent bench --json\`
  --quick  small sizes: proves that the benches work, and says nothing about speed
  --write  brings bench/RESULTS.md up to date
  --help   this

Exit code: 0 if the benches ran, whatever the figures are; 1 if one of them failed; 2 for wrong arguments.
`;

clearLeftOverAtExit();
const { values: flags, positionals } = readArguments();
if (flags.help === true) {
  process.stdout.write(HELP);
  process.exit(0);
}
const say = (message: string): void => void process.stderr.write(`${message}\n`);
const results: Result[] = [];
let failed = false;
for (const bench of chosen(positionals)) await runOne(bench);
if (flags.json !== true) process.stdout.write(`\n${tableOf(results)}\n`);
process.exit(failed ? 1 : 0);

async function runOne({ name, what, run }: Bench): Promise<void> {
  say(`${name}: ${what}`);
  try {
    const measured = await run({ quick: flags.quick === true, say: (message) => say(`  ${message}`) });
    const found = measured.map(resultOf);
    results.push(...found);
    if (flags.json === true) for (const result of found) process.stdout.write(`${JSON.stringify(result)}\n`);
    // At once: all of them take hours, in which much can end them.
    if (flags.write === true) writeResults(found, ORDER);
  } catch (error) {
    failed ||= !(error instanceof Missing);
    say(error instanceof Missing ? `  skipped: ${error.message}` : `  failed: ${describe(error)}`);
  } finally {
    clearLeftOver();
  }
}

function readArguments() {
  try {
    return parseArgs({ options: OPTIONS, allowPositionals: true });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

function chosen(names: readonly string[]): readonly Bench[] {
  const unknown = names.filter((name) => !BENCHES.some((bench) => bench.name === name));
  if (unknown.length > 0) return refuse(`There is no bench ${unknown.join(", ")}. There are:\n${LIST}`);
  return names.length === 0 ? BENCHES : BENCHES.filter(({ name }) => names.includes(name));
}

function refuse(problem: string): never {
  process.stderr.write(`${problem}\n`);
  process.exit(2);
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
