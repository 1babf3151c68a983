import { atMost, type Bench, demand } from "../bench.ts";
import { numberIn, textIn } from "../lib/child.ts";
import { newFolder } from "../lib/left-over.ts";
import { go, startPython } from "../lib/python-client.ts";
import { startHivewatch } from "../lib/servers.ts";

type How = "plain" | "watched";

/** What watching costs a training under Flower. */
export const flower: Bench = {
  name: "flower",
  what: "wall time of a Flower training of 50 rounds with 100 clients in one process, watched and not",
  async run({ quick, say }) {
    const [times, rounds, clients] = quick ? [1, 2, 5] : [7, 50, 100];
    const watched: number[] = [];
    const plain: number[] = [];
    for (let turn = 1; turn <= times; turn++) {
      const server = await startHivewatch();
      // Who comes first changes, too: a machine gets slower or faster by and by.
      const order: readonly How[] = turn % 2 === 0 ? ["plain", "watched"] : ["watched", "plain"];
      const models = new Set<string>();
      for (const how of order) {
        const trained = await go(
          await startPython("flower_training.py", server.address, how, String(rounds), String(clients), newFolder()),
        );
        (how === "watched" ? watched : plain).push(numberIn(trained, "seconds"));
        models.add(textIn(trained, "model"));
        say(
          `${turn}/${times} ${how}: ${(numberIn(trained, "client_seconds") * 1000).toFixed(1)} ms for a client's training`,
        );
      }
      await server.stop();
      demand(models.size === 1, "watched, the training came to another model");
    }
    const perClient = watched.map((seconds, i) => ((seconds - (plain[i] ?? Number.NaN)) / rounds / clients) * 1e6);
    return [
      {
        name: "flower",
        unit: "s",
        goal: atMost(1.01),
        figures: watched,
        floors: plain,
        floor: "the same training without watch and client_mod: a client trains a small network for some 10 ms",
      },
      { name: "flower.client", unit: "µs per client and round", figures: perClient, floors: [], floor: "nothing" },
    ];
  },
};
