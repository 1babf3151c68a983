import { atLeast, type Bench } from "../bench.ts";
import { type Child, numberIn } from "../lib/child.ts";
import { newFolder } from "../lib/left-over.ts";
import { go, startPython, startReference } from "../lib/python-client.ts";
import { startHivewatch } from "../lib/servers.ts";

/** What changing the import is good for. */
export const hivewatchPy: Bench = {
  name: "hivewatch-py",
  what: "events/s that the same training gets on disk, with our package and with Python hivewatch 0.3 (20 clients a round)",
  async run({ quick, say }) {
    // Theirs becomes slower with every event, and is stopped after a minute.
    const [ourSeconds, theirSeconds] = quick ? [1, 2] : [10, 60];
    const server = await startHivewatch();
    const ours = await speed(await startPython("write_for_a_while.py", server.address, "ours", `${ourSeconds}`, ""));
    say(`ours: ${Math.round(ours)} events/s`);
    const theirs = await speed(await startReference("write_for_a_while.py", "theirs", `${theirSeconds}`, newFolder()));
    say(`theirs: ${Math.round(theirs)} events/s`);
    const floor = "Python hivewatch with its GeoEmitter, in its first minute";
    return [{ name: "hivewatch-py", unit: "events/s", goal: atLeast(100), figures: [ours], floors: [theirs], floor }];
  },
};

async function speed(child: Child): Promise<number> {
  const said = await go(child);
  return numberIn(said, "events") / numberIn(said, "seconds");
}
