import { atMost, type Bench, demand } from "../bench.ts";
import { numberIn, numbersIn, textIn } from "../lib/child.ts";
import { newFolder } from "../lib/left-over.ts";
import { go, startPython } from "../lib/python-client.ts";
import { startHivewatch } from "../lib/servers.ts";
import { median } from "../lib/statistics.ts";

/** Watched or not; `mod` is watched with the client mod too, `alone` is watched without a bridge. */
const HOWS = ["plain", "watched", "mod", "alone"] as const;
type How = (typeof HOWS)[number];

/** Nobody listens there. */
const NO_BRIDGE = "127.0.0.1:1";
const FLOOR = "the same training without HiveWatch: a client trains a small network for some 10 ms";

interface Trained {
  /** Of wall time, had each round taken what the median of them did: what others do on the machine hits a few rounds. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Of one training of one client. */
  readonly clientSeconds: number;
  readonly model: string;
}

/** What watching costs a training under Flower. */
export const flower: Bench = {
  name: "flower",
  what: "a Flower training of 50 rounds with 100 clients in one process, watched and not: wall time, CPU, without a bridge",
  async run({ quick, say }) {
    const times = quick ? 1 : 3;
    const [rounds, clients] = quick ? [2, 5] : [50, 100];
    const trained: Record<How, Trained[]> = { plain: [], watched: [], mod: [], alone: [] };
    for (let turn = 0; turn < times; turn++) {
      const results = await trainInTurns(rounds, clients);
      demand(new Set(HOWS.map((how) => results[how].model)).size === 1, "watched, the training came to another model");
      for (const how of HOWS) trained[how].push(results[how]);
      const { seconds, clientSeconds } = results.plain;
      say(`${turn + 1}/${times}: ${(clientSeconds * 1000).toFixed(1)} ms for a training of a client`);
      for (const how of HOWS) say(`  ${how}: ${(results[how].seconds / seconds).toFixed(4)}`);
    }
    const { plain } = trained;
    const wall = (how: How) => ({
      unit: "s",
      goal: atMost(1.01),
      figures: trained[how].map(({ seconds }) => seconds),
      floors: plain.map(({ seconds }) => seconds),
      floor: FLOOR,
    });
    const cpu = (how: How) => ({
      unit: "µs of CPU for each client and round",
      figures: trained[how].map(({ cpuSeconds }) => (cpuSeconds / rounds / clients) * 1e6),
      floors: plain.map(({ cpuSeconds }) => (cpuSeconds / rounds / clients) * 1e6),
      floor: FLOOR,
    });
    return [
      { name: "flower", ...wall("watched") },
      { name: "flower.no-bridge", ...wall("alone") },
      { name: "flower.client-mod", ...wall("mod") },
      { name: "flower.cpu", ...cpu("watched") },
      { name: "flower.client-mod-cpu", ...cpu("mod") },
    ];
  },
};

function withoutOutliers(seconds: number, rounds: readonly number[]): number {
  const inRounds = rounds.reduce((sum, each) => sum + each, 0);
  return seconds - inRounds + rounds.length * median(rounds);
}

/**
 * Has them train at once, but one at a time, a round each: a machine's speed changes from second to second, and so each
 * of them has its share of it.
 */
async function trainInTurns(rounds: number, clients: number): Promise<Record<How, Trained>> {
  const all = {
    plain: await start("plain", rounds, clients),
    watched: await start("watched", rounds, clients),
    mod: await start("mod", rounds, clients),
    alone: await start("alone", rounds, clients),
  };
  // Once more than there are rounds: to begin, and before each round.
  for (let turn = 0; turn <= rounds; turn++) {
    const order = HOWS.map((_, i) => HOWS[(i + turn) % HOWS.length] ?? "plain");
    for (const how of order) await all[how].next();
  }
  const { plain, watched, mod, alone } = all;
  await Promise.all([watched.stop(), mod.stop()]);
  return { plain: plain.trained(), watched: watched.trained(), mod: mod.trained(), alone: alone.trained() };
}

interface Training {
  /** Lets it go on to its next turn or its end. */
  next(): Promise<void>;
  /** Once it has ended. */
  trained(): Trained;
  stop(): Promise<void>;
}

async function start(how: How, rounds: number, clients: number): Promise<Training> {
  const server = how === "watched" || how === "mod" ? await startHivewatch() : undefined;
  const args = [how, String(rounds), String(clients), newFolder()];
  const child = await startPython("flower_training.py", server?.address ?? NO_BRIDGE, ...args);
  let said: Record<string, unknown> = {};
  return {
    async next() {
      said = await go(child);
    },
    trained: () => ({
      seconds: withoutOutliers(numberIn(said, "seconds"), numbersIn(said, "rounds_sec")),
      cpuSeconds: numberIn(said, "cpu_seconds"),
      clientSeconds: numberIn(said, "client_seconds"),
      model: textIn(said, "model"),
    }),
    stop: async () => server?.stop(),
  };
}
