import { type Bench, figureAtMost } from "../bench.ts";
import { numberIn } from "../lib/child.ts";
import { go, startPython } from "../lib/python-client.ts";
import { startHivewatch } from "../lib/servers.ts";

/** What logging costs the training. */
export const callCost: Bench = {
  name: "call-cost",
  what: "µs that log_client_update takes of the training's thread while the sender sends: median and p99.9",
  async run({ quick, say }) {
    const median: number[] = [];
    const emptyMedian: number[] = [];
    const p999: number[] = [];
    const emptyP999: number[] = [];
    const times = quick ? 1 : 5;
    for (let turn = 1; turn <= times; turn++) {
      const server = await startHivewatch();
      const said = await go(await startPython("time_calls.py", server.address, quick ? "2" : "100"));
      median.push(numberIn(said, "logged_median"));
      emptyMedian.push(numberIn(said, "empty_median"));
      p999.push(numberIn(said, "logged_p999"));
      emptyP999.push(numberIn(said, "empty_p999"));
      await server.stop();
      say(`${turn}/${times}`);
    }
    const same = { unit: "µs", floor: "the same call of a function that appends its keywords to a list" };
    return [
      { ...same, name: "call-cost", goal: figureAtMost(5), figures: median, floors: emptyMedian },
      { ...same, name: "call-cost.p999", figures: p999, floors: emptyP999 },
    ];
  },
};
