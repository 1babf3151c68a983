import { type Bench, demand, figureAtMost } from "../bench.ts";
import { clientUpdates } from "../lib/batches.ts";
import { numberIn } from "../lib/child.ts";
import { untilMapIsReady } from "../lib/map-ready.ts";
import { begin, sendEncoded, startPython } from "../lib/python-client.ts";
import { startFloor, startHivewatch } from "../lib/servers.ts";

const BATCH_EVENTS = 500;
const RUN_ID = "million";
/** Longer than that nobody waits for a map. */
const MAP_TIMEOUT_MS = 120_000;

/** One round of very many clients. */
export const million: Bench = {
  name: "million",
  what: "seconds from one call with a round of 1M clients until they are on disk, and until the files for the map are",
  async run({ quick, say }) {
    const clients = quick ? 2000 : 1_000_000;
    const times = quick ? 1 : 3;
    const durable: number[] = [];
    const map: number[] = [];
    const lost: number[] = [];
    const floors: number[] = [];
    let ready = true;
    for (let turn = 1; turn <= times && ready; turn++) {
      const server = await startHivewatch();
      const client = await startPython("log_updates.py", server.address, "round", RUN_ID, String(clients));
      const begun = performance.now();
      const sent = await begin(client);
      const dropped = numberIn(sent, "dropped");
      demand(sent.durable === true || dropped > 0, "not everything that was logged came to be on disk");
      durable.push(numberIn(sent, "seconds"));
      lost.push(dropped);
      ready = await untilMapIsReady(server.folder, RUN_ID, clients - dropped, MAP_TIMEOUT_MS);
      map.push((performance.now() - begun) / 1000);
      if (!ready) say(`the map was not ready after ${MAP_TIMEOUT_MS / 1000} s`);
      await server.stop();
      floors.push(await secondsOfFloor(clients));
      say(`${turn}/${times}: ${durable.at(-1)?.toFixed(2)} s, lost ${dropped}`);
    }
    const same = {
      unit: "s",
      floors,
      floor: "a Python process that sends the same, already encoded, to a bare gRPC server",
    };
    return [
      { ...same, name: "million", goal: figureAtMost(5), figures: durable },
      { ...same, name: "million.map", figures: map },
      { ...same, name: "million.lost", unit: "events", goal: figureAtMost(0), figures: lost, floors: [] },
    ];
  },
};

async function secondsOfFloor(clients: number): Promise<number> {
  const server = await startFloor();
  const distinct = Array.from({ length: 16 }, (_, i) => clientUpdates(1, i * BATCH_EVENTS, BATCH_EVENTS));
  const taken = await sendEncoded(server.address, distinct, clients / BATCH_EVENTS);
  await server.stop();
  return taken;
}
