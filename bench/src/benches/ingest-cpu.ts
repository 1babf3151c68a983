import { atMost, type Bench } from "../bench.ts";
import { clientUpdates, encodedBatches, repeated } from "../lib/batches.ts";
import { openPublisher, type Publisher } from "../lib/publisher.ts";
import { type Server, startBridgeWithoutFiles, startFloor, startHivewatch } from "../lib/servers.ts";
import { untilIdle } from "../lib/until-idle.ts";

const BATCH_EVENTS = 500;
const FLOOR = "a bare gRPC server that stores the same bytes, each on disk before its ack";

interface Cost {
  /** CPU of the server for an event until the last ack, in microseconds. */
  readonly acked: number;
  /** Until the server has nothing to do any more. */
  readonly idle: number;
}

/** What an event costs the server. */
export const ingestCpu: Bench = {
  name: "ingest-cpu",
  what: "CPU of the bridge's process for an event, in batches of 500: until the last ack, without files, with all its files",
  async run({ quick, say }) {
    const times = quick ? 1 : 5;
    const payloads = Array.from({ length: quick ? 4 : 64 }, (_, i) => clientUpdates(1, i * BATCH_EVENTS, BATCH_EVENTS));
    const batches = quick ? 4 : 800;
    // A server that has run for a while is what is asked about: at first much of its time goes into being compiled.
    const warmUp = quick ? 4 : 2000;
    const floors: number[] = [];
    const acked: number[] = [];
    const idle: number[] = [];
    const withoutFiles: number[] = [];
    const measure = (start: () => Promise<Server>): Promise<Cost> =>
      costOf(
        start,
        encodedBatches("warm-up", repeated(payloads, warmUp)),
        Array.from(encodedBatches("measured", repeated(payloads, batches))),
      );
    for (let turn = 1; turn <= times; turn++) {
      const whole = await measure(startHivewatch);
      acked.push(whole.acked);
      idle.push(whole.idle);
      withoutFiles.push((await measure(startBridgeWithoutFiles)).acked);
      floors.push((await measure(startFloor)).acked);
      say(`${turn}/${times}`);
    }
    const same = { unit: "µs/event", floors, floor: FLOOR };
    return [
      { ...same, name: "ingest-cpu", goal: atMost(1.5), figures: acked },
      { ...same, name: "ingest-cpu.without-files", goal: atMost(1.5), figures: withoutFiles },
      { ...same, name: "ingest-cpu.until-idle", figures: idle },
    ];
  },
};

async function costOf(
  start: () => Promise<Server>,
  warmUp: Iterable<Uint8Array>,
  batches: readonly Uint8Array[],
): Promise<Cost> {
  const server = await start();
  const publisher: Publisher = openPublisher(server.address);
  await publisher.publish(warmUp);
  const before = await untilIdle(server);
  await publisher.publish(batches);
  const acked = (await server.usage()).cpuMicros;
  const idle = await untilIdle(server);
  publisher.close();
  await server.stop();
  const events = batches.length * BATCH_EVENTS;
  return { acked: (acked - before) / events, idle: (idle - before) / events };
}
