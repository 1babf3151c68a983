import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseLenientJson } from "@hivewatch/core";
import { openRunStore } from "@hivewatch/runs";
import { atLeast, type Bench, demand, type Measured } from "../bench.ts";
import { clientUpdates, type Payload, rows } from "../lib/batches.ts";
import { newFolder } from "../lib/left-over.ts";
import { seconds } from "../lib/seconds.ts";
import { writeLog } from "../lib/write-log.ts";

const CLIENTS = 1000;
const BATCH_EVENTS = 500;
const RUN_ID = "run";
/** A write of the floor: large enough that it costs nothing beside the text. */
const WRITE_CHARS = 1024 * 1024;

/** How fast the lines are written behind a log. */
export const jsonl: Bench = {
  name: "jsonl",
  what: "events/s from a log into <run_id>.jsonl: the lines alone, and a run of 50 rounds with all its files",
  async run({ quick, say }) {
    const times = quick ? 1 : 5;
    const rounds = quick ? 2 : 50;
    return [
      await compare("jsonl", times, withoutEnds(rounds), say),
      await compare("jsonl.rounds", times, withEnds(rounds), say),
    ];
  },
};

/** Updates whose rounds never end: only lines are written. */
function withoutEnds(rounds: number): Payload[] {
  return Array.from({ length: rounds }, (_, round) => roundOf(round % 10)).flat();
}

function withEnds(rounds: number): Payload[] {
  const round = (number: number): Payload[] => [
    rows({ event_type: "round_start", round: number }),
    ...roundOf(number),
    rows({ event_type: "round_end", round: number, round_metrics: { global_loss: Math.random() } }),
  ];
  return Array.from({ length: rounds }, (_, number) => round(number)).flat();
}

function roundOf(number: number): Payload[] {
  return Array.from({ length: CLIENTS / BATCH_EVENTS }, (_, i) =>
    clientUpdates(number, i * BATCH_EVENTS, BATCH_EVENTS),
  );
}

async function compare(
  name: string,
  times: number,
  payloads: readonly Payload[],
  say: (message: string) => void,
): Promise<Measured> {
  const events = payloads.reduce((sum, { count }) => sum + count, 0);
  const figures: number[] = [];
  const floors: number[] = [];
  for (let turn = 1; turn <= times; turn++) {
    const dir = newFolder();
    await writeLog(dir, RUN_ID, payloads);
    figures.push(events / (await seconds(() => openRunStore({ dir }).writeArtifacts(RUN_ID))));
    const lines = (await readFile(join(dir, `${RUN_ID}.jsonl`), "utf8")).trimEnd().split("\n");
    demand(lines.length === events, `${lines.length} lines were written for ${events} events`);
    const values = lines.map(parseLenientJson);
    floors.push(events / (await seconds(() => writeLines(join(dir, "floor.jsonl"), values))));
    say(`${name} ${turn}/${times}`);
  }
  return {
    name,
    unit: "events/s",
    goal: atLeast(0.6),
    figures,
    floors,
    floor: "JSON.stringify of the same lines, and appending them",
  };
}

async function writeLines(path: string, values: readonly unknown[]): Promise<void> {
  const file = await open(path, "a");
  let text = "";
  for (const value of values) {
    text += `${JSON.stringify(value)}\n`;
    if (text.length < WRITE_CHARS) continue;
    await file.appendFile(text);
    text = "";
  }
  await file.appendFile(text);
  await file.datasync();
  await file.close();
}
