import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { openRunStore } from "@hivewatch/runs";
import { type Bench, demand, figureAtMost } from "../bench.ts";
import { clientUpdates, repeated } from "../lib/batches.ts";
import { prepared } from "../lib/data.ts";
import { newFolder } from "../lib/left-over.ts";
import { seconds } from "../lib/seconds.ts";
import { writeLog } from "../lib/write-log.ts";

const BATCH_EVENTS = 5000;
const RUN_ID = "long";

/** How soon a bridge that was restarted takes events again. */
export const reopen: Bench = {
  name: "reopen",
  what: "time to open a log of 10M events for writing",
  async run({ quick, say }) {
    const events = quick ? 20_000 : 10_000_000;
    const dir = quick
      ? await fill(newFolder(), events)
      : await prepared("reopen", (folder) => make(folder, events, say));
    const figures: number[] = [];
    const floors: number[] = [];
    for (let turn = 0; turn < (quick ? 1 : 5); turn++) {
      figures.push(await seconds(() => open(dir, events)));
      floors.push(await seconds(() => readLastSegment(join(dir, `${RUN_ID}.log`))));
    }
    return [
      { name: "reopen", unit: "s", goal: figureAtMost(1), figures, floors, floor: "reading the log's last file once" },
    ];
  },
};

async function make(dir: string, events: number, say: (message: string) => void): Promise<void> {
  say(`writing a log of ${events} events, which is kept for the next time`);
  await fill(dir, events);
}

async function fill(dir: string, events: number): Promise<string> {
  const payloads = Array.from({ length: 20 }, (_, i) => clientUpdates(i, 0, BATCH_EVENTS));
  await writeLog(dir, RUN_ID, repeated(payloads, events / BATCH_EVENTS));
  return dir;
}

async function open(dir: string, events: number): Promise<void> {
  const log = await openRunStore({ dir }).openLog(RUN_ID);
  demand(log.position === events, `the log has ${log.position} events, and not ${events}`);
  await log.close();
}

async function readLastSegment(dir: string): Promise<void> {
  const last = (await readdir(dir))
    .filter((name) => name.endsWith(".seg"))
    .sort()
    .at(-1);
  await readFile(join(dir, last ?? ""));
}
