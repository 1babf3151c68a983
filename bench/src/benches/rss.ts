import { setTimeout as sleep } from "node:timers/promises";
import { type Bench, demand, figureAtMost } from "../bench.ts";
import { clientUpdates, encodedBatches, type Payload, rows } from "../lib/batches.ts";
import { openPublisher } from "../lib/publisher.ts";
import { type Server, startFloor, startHivewatch } from "../lib/servers.ts";
import { slope } from "../lib/statistics.ts";
import { untilIdle } from "../lib/until-idle.ts";

const BATCH_EVENTS = 500;
/** With its beginning and its end. */
const EVENTS_PER_ROUND = 2 * BATCH_EVENTS + 2;
const LOOK_MS = 500;
/** As the goal is meant. */
const MEGABYTE = 1e6;
const MILLION = 1_000_000;
/** No more is needed to know that it grows. */
const STOP_AT_BYTES = 2e9;
/** The machine is needed for other things. */
const STOP_AFTER_MS = 10 * 60_000;

interface Memory {
  readonly maxMegabytes: number;
  /** Over the second half of the events. */
  readonly megabytesPerMillion: number;
}

/** Whether the bridge needs more memory the longer a run is. */
export const rss: Bench = {
  name: "rss",
  what: "memory of the bridge's process over 10M events (1,000 clients, 10,000 rounds): the most, and MB more per 1M",
  async run({ quick, say }) {
    const rounds = quick ? 10 : 10_000;
    const ours = await watch(await startHivewatch(), rounds, say);
    const floor = await watch(await startFloor(), rounds, say);
    const same = { floor: "a bare gRPC server that stores the same bytes" };
    return [
      {
        ...same,
        name: "rss",
        unit: "MB",
        goal: figureAtMost(250),
        figures: [ours.maxMegabytes],
        floors: [floor.maxMegabytes],
      },
      {
        ...same,
        name: "rss.growth",
        unit: "MB per 1M events",
        goal: figureAtMost(2),
        figures: [ours.megabytesPerMillion],
        floors: [floor.megabytesPerMillion],
      },
    ];
  },
};

async function watch(server: Server, rounds: number, say: (message: string) => void): Promise<Memory> {
  const publisher = openPublisher(server.address);
  const begun = performance.now();
  const points: [millions: number, megabytes: number][] = [];
  let sent = 0;
  let enough = false;

  function* payloads(): Generator<Payload> {
    for (const payload of training(rounds)) {
      if (enough) return;
      sent += payload.count;
      yield payload;
    }
  }

  async function look(): Promise<void> {
    const { rssBytes } = await server.usage();
    points.push([sent / MILLION, rssBytes / MEGABYTE]);
    enough = rssBytes > STOP_AT_BYTES || performance.now() - begun > STOP_AFTER_MS;
  }

  let over = false;
  const looking = (async () => {
    while (!over) {
      await look();
      await sleep(LOOK_MS);
    }
  })();
  await publisher.publish(encodedBatches("long", payloads()));
  if (!enough) await untilIdle(server);
  over = true;
  await looking;
  await look();
  say(
    `${sent} events in ${Math.round((performance.now() - begun) / 1000)} s${enough ? ", which was stopped there" : ""}`,
  );
  publisher.close();
  await server.stop();
  const expected = rounds * EVENTS_PER_ROUND;
  const hasGrown = points.some(([, megabytes]) => megabytes * MEGABYTE > STOP_AT_BYTES);
  demand(
    hasGrown || sent === expected,
    `only ${sent} of ${expected} events were sent within ${STOP_AFTER_MS / 60_000} minutes`,
  );
  const half = points.filter(([millions]) => millions >= sent / MILLION / 2);
  return { maxMegabytes: Math.max(...points.map(([, megabytes]) => megabytes)), megabytesPerMillion: slope(half) };
}

/** Rounds of 1,000 clients. */
function* training(rounds: number): Generator<Payload> {
  for (let round = 0; round < rounds; round++) {
    yield rows({ event_type: "round_start", round });
    yield clientUpdates(round, 0, BATCH_EVENTS);
    yield clientUpdates(round, BATCH_EVENTS, BATCH_EVENTS);
    yield rows({ event_type: "round_end", round, round_metrics: { global_loss: Math.random() } });
  }
}
