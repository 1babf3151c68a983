import { atLeast, type Bench, type Measured } from "../bench.ts";
import { clientUpdates } from "../lib/batches.ts";
import { numberIn } from "../lib/child.ts";
import { go, sendEncoded, startPython } from "../lib/python-client.ts";
import { type Server, startBridgeWithoutFiles, startFloor, startHivewatch } from "../lib/servers.ts";

/** As many as the Python client puts into a batch of these. */
const BATCH_EVENTS = 2000;

/** How many events a second one Python program can have on disk. */
export const ingestPython: Bench = {
  name: "ingest-python",
  what: "events/s from one Python client until the last ack: call by call, in bulk, in bulk without what reads the log",
  async run({ quick, say }) {
    const calls: Way = { how: "calls", events: quick ? 2000 : 100_000, times: quick ? 1 : 5, start: startHivewatch };
    const bulk: Way = { ...calls, how: "bulk", events: quick ? 2000 : 400_000 };
    return [
      await compare("ingest-python", calls, say),
      await compare("ingest-python.bulk", bulk, say),
      await compare("ingest-python.without-files", { ...bulk, start: startBridgeWithoutFiles }, say),
    ];
  },
};

interface Way {
  readonly how: "calls" | "bulk";
  readonly events: number;
  readonly times: number;
  readonly start: () => Promise<Server>;
}

async function compare(name: string, way: Way, say: (message: string) => void): Promise<Measured> {
  const { events, times } = way;
  const figures: number[] = [];
  const floors: number[] = [];
  for (let turn = 1; turn <= times; turn++) {
    figures.push(events / (await secondsOfClient(way)));
    floors.push(events / (await secondsOfFloor(events)));
    say(`${name} ${turn}/${times}`);
  }
  const floor = "a Python process that sends batches of 2,000, already encoded, to a bare gRPC server with fdatasync";
  return { name, unit: "events/s", goal: atLeast(0.8), figures, floors, floor };
}

async function secondsOfClient({ how, events, start }: Way): Promise<number> {
  const server = await start();
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
