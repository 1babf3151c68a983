import { atLeast, type Bench, type Measured } from "../bench.ts";
import { clientUpdates } from "../lib/batches.ts";
import { numberIn } from "../lib/child.ts";
import { go, sendEncoded, startPython } from "../lib/python-client.ts";
import { startFloor, startHivewatch } from "../lib/servers.ts";

/** As many as the Python client puts into a batch of these. */
const BATCH_EVENTS = 2000;

/** How many events a second one Python program can have on disk. */
export const ingestPython: Bench = {
  name: "ingest-python",
  what: "events/s from one Python client until the last ack, call by call and in bulk",
  async run({ quick, say }) {
    const times = quick ? 1 : 5;
    return [
      await compare("ingest-python", "calls", quick ? 2000 : 100_000, times, say),
      await compare("ingest-python.bulk", "bulk", quick ? 2000 : 400_000, times, say),
    ];
  },
};

async function compare(
  name: string,
  how: "calls" | "bulk",
  events: number,
  times: number,
  say: (message: string) => void,
): Promise<Measured> {
  const figures: number[] = [];
  const floors: number[] = [];
  for (let turn = 1; turn <= times; turn++) {
    figures.push(events / (await secondsOfClient(how, events)));
    floors.push(events / (await secondsOfFloor(events)));
    say(`${name} ${turn}/${times}`);
  }
  const floor = "a Python process that sends batches of 2,000, already encoded, to a bare gRPC server with fdatasync";
  return { name, unit: "events/s", goal: atLeast(0.8), figures, floors, floor };
}

async function secondsOfClient(how: string, events: number): Promise<number> {
  const server = await startHivewatch();
  const said = await go(await startPython("log_updates.py", server.address, how, "run", String(events)));
  await server.stop();
  return numberIn(said, "seconds");
}

async function secondsOfFloor(events: number): Promise<number> {
  const server = await startFloor();
  const payloads = Array.from({ length: 4 }, (_, i) => clientUpdates(1, i * BATCH_EVENTS, BATCH_EVENTS));
  const seconds = await sendEncoded(server.address, payloads, events / BATCH_EVENTS);
  await server.stop();
  return seconds;
}
