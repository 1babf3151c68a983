import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { encodeBatch } from "@hivewatch/runs";
import { type Bench, figureAtLeast, figureAtMost, type Measured } from "../bench.ts";
import { clientUpdates, producerOf, rows } from "../lib/batches.ts";
import { type Child, numberIn, startChild } from "../lib/child.ts";
import { openPublisher } from "../lib/publisher.ts";
import { startHivewatch, startSseFloor, type Usage } from "../lib/servers.ts";

const PROCESSES = 2;
const TICK_MS = 50;
const LOOK_MS = 50;
/** How long to wait, when the last event has been sent, for those that have not come yet. */
const PATIENCE_MS = 20_000;
/** Stands in each event once, so that events can be counted without being read. */
const MARK = "~";
const METRICS = ["local_accuracy", "local_loss"];

interface Load {
  readonly subscribers: number;
  /** Events a second. */
  readonly rate: number;
  readonly events: number;
}

interface Delivery {
  /** Part of a core that the server took, from the first event until the last subscriber had the last one. */
  readonly cpuShare: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Events that are missing before others that have come, or have come again, of all subscribers. */
  readonly gaps: number;
  /** Part of the events that had come when nobody waited any longer. */
  readonly delivered: number;
}

/** How many can watch. */
export const sse: Bench = {
  name: "sse",
  what: "1,000 subscribers of a run with 1k and with 10k events/s (2 metrics): CPU, age of the events on arrival, gaps",
  async run({ quick, say }) {
    const results: Measured[] = [];
    for (const rate of [1000, 10_000]) {
      const load = { subscribers: quick ? 10 : 1000, rate, events: rate * (quick ? 1 : 10) };
      const ours: Delivery[] = [];
      const floor: Delivery[] = [];
      for (let turn = 1; turn <= (quick ? 1 : 3) && (ours.at(-1)?.delivered ?? 1) === 1; turn++) {
        ours.push(await deliver(load));
        floor.push(await deliverFloor(load));
        say(`${rate}/s, ${turn}: ${JSON.stringify(ours.at(-1))}, floor ${JSON.stringify(floor.at(-1))}`);
      }
      results.push(...measuredOf(`sse.${rate / 1000}k`, ours, floor));
    }
    return results;
  },
};

function measuredOf(name: string, ours: readonly Delivery[], floors: readonly Delivery[]): Measured[] {
  const floor = "a bare HTTP server that writes one buffer each 100 ms to all sockets";
  const figure = (suffix: string, unit: string, pick: (delivery: Delivery) => number): Measured => ({
    name: `${name}-${suffix}`,
    unit,
    figures: ours.map(pick),
    floors: floors.map(pick),
    floor,
  });
  return [
    figure("cpu", "cores", ({ cpuShare }) => cpuShare),
    figure("p50", "ms", ({ p50Ms }) => p50Ms),
    figure("p99", "ms", ({ p99Ms }) => p99Ms),
    { ...figure("delivered", "of the events", ({ delivered }) => delivered), goal: figureAtLeast(1) },
    { ...figure("gaps", "events", ({ gaps }) => gaps), goal: figureAtMost(0) },
  ];
}

async function deliver(load: Load): Promise<Delivery> {
  const server = await startHivewatch();
  const publisher = openPublisher(server.address);
  const number = producerOf("run");
  const publish = (payload: Parameters<typeof number>[0]): Promise<void> =>
    publisher.publish([encodeBatch(number(payload))]);
  await publish(rows({ event_type: "init", algorithm: "FedAvg", config: {} }));
  const delivery = await watch(`${server.http}/stream?run_id=run&batch=1`, load, server.usage, async () => {
    const perTick = (load.rate * TICK_MS) / 1000;
    const begun = performance.now();
    for (let sent = 0; sent < load.events; sent += perTick) {
      await sleep(Math.max(0, begun + (sent / load.rate) * 1000 - performance.now()));
      await publish(clientUpdates(1, sent, perTick, { metrics: METRICS, clientName: MARK }));
    }
  });
  publisher.close();
  await server.stop();
  return delivery;
}

async function deliverFloor(load: Load): Promise<Delivery> {
  const server = await startSseFloor(load.rate, load.events);
  const delivery = await watch(`${server.http}/stream`, load, server.usage, async () => server.begin());
  await server.stop();
  return delivery;
}

async function watch(
  url: string,
  { subscribers, rate, events }: Load,
  usage: () => Promise<Usage>,
  feed: () => Promise<void>,
): Promise<Delivery> {
  const program = fileURLToPath(new URL("../programs/sse-subscribers.js", import.meta.url));
  const args = [program, url, String(subscribers / PROCESSES), MARK];
  const processes = Array.from({ length: PROCESSES }, () => startChild(process.execPath, args));
  await Promise.all(processes.map((child) => child.next()));
  const [before, begun] = [(await usage()).cpuMicros, performance.now()];
  await Promise.race([feed(), sleep((1000 * events) / rate + PATIENCE_MS)]);
  await untilAllHave(processes, events);
  const seconds = (performance.now() - begun) / 1000;
  const cpuShare = ((await usage()).cpuMicros - before) / 1e6 / seconds;
  const ends = await Promise.all(processes.map((child) => answer(child, "end")));
  const sum = (name: string): number => ends.reduce((all, end) => all + numberIn(end, name), 0);
  return {
    cpuShare,
    p50Ms: Math.max(...ends.map((end) => numberIn(end, "p50"))),
    p99Ms: Math.max(...ends.map((end) => numberIn(end, "p99"))),
    gaps: sum("wrong"),
    delivered: sum("events") / (events * subscribers),
  };
}

async function untilAllHave(processes: readonly Child[], events: number): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (performance.now() < end) {
    const answers = await Promise.all(processes.map((child) => answer(child, "count")));
    if (answers.every((said) => numberIn(said, "fewest") >= events)) return;
    await sleep(LOOK_MS);
  }
}

async function answer(child: Child, question: string): Promise<Record<string, unknown>> {
  child.say(question);
  return child.next();
}
