import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { bridgeEmitter } from "@hivewatch/bridge";
import { createRun } from "@hivewatch/core";
import { openRunStore } from "@hivewatch/runs";
import { expect, test, vi } from "vitest";
import { type Hivewatch, hivewatch } from "./support/hivewatch.ts";
import { newSeed, randomFrom } from "./support/random.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";
import { until } from "./support/until.ts";

vi.setConfig({ testTimeout: 300_000 });

const KILLS = 6;

/** What tells an event of this test from all others. */
function labelOf(event: Record<string, unknown>): string {
  const [client] = Array.isArray(event.clients) ? event.clients : [];
  return event.event_type === "client_update" ? `result ${client?.local_loss}` : `${event.event_type} ${event.round}`;
}

/** The events of a run's log behind its init, as they stand on the disk. */
async function stored(runsDir: string): Promise<string[]> {
  const labels: string[] = [];
  for await (const step of openRunStore({ dir: runsDir }).read("r")) {
    for (const { event } of step.entries) labels.push(labelOf(event));
  }
  return labels.slice(1);
}

test("a bridge that is killed in the middle, again and again, has lost nothing that it acknowledged, and has all of it once", async () => {
  const random = randomFrom(newSeed());
  const runsDir = await temporaryFolder();
  let port = 0;
  async function start(): Promise<Hivewatch> {
    const started = await hivewatch([
      "up",
      "--json",
      "--port",
      "0",
      "--grpc-port",
      String(port),
      "--runs-dir",
      runsDir,
    ]);
    const { grpc } = await started.ready();
    const bound = Number(grpc.split(":").at(-1));
    if (port !== 0) expect(bound).toBe(port);
    port = bound;
    return started;
  }

  let bridge = await start();
  const run = createRun({
    runId: "r",
    emitters: [bridgeEmitter({ endpoint: `127.0.0.1:${port}` })],
    maxQueue: Number.POSITIVE_INFINITY,
  });
  const logged: string[] = [];
  const acked = (): number => Math.max(0, Number(run.stats[0]?.delivered) - 1); // without the init
  function log(): void {
    const number = logged.length;
    if (number % 500 === 499) {
      run.logRound(number);
      logged.push(`round_end ${number}`);
    } else {
      run.logClientUpdate("a", { round: 1, local_loss: number });
      logged.push(`result ${number}`);
    }
  }

  for (let kill = 0; kill < KILLS; kill++) {
    const target = acked() + 1 + random.below(4000);
    await until(() => {
      if (logged.length < target + 2000) log();
      return acked() >= target;
    });
    bridge.kill("SIGKILL");
    expect(await bridge.exit).toEqual({ code: null, signal: "SIGKILL" });
    const acknowledged = acked();
    const there = await stored(runsDir);
    expect(there).toEqual(logged.slice(0, there.length));
    expect(there.length).toBeGreaterThanOrEqual(acknowledged);
    bridge = await start();
  }
  expect(await run.finish({ timeoutMs: 200_000 })).toBe(true);
  bridge.kill("SIGTERM");
  expect(await bridge.exit).toEqual({ code: 0, signal: null });
  const all = [...logged, "finished undefined"];
  expect(await stored(runsDir)).toEqual(all);
  const lines = (await readFile(join(runsDir, "r.jsonl"), "utf8")).trimEnd().split("\n");
  expect(lines.slice(1).map((line) => labelOf(JSON.parse(line)))).toEqual(all);
});
