import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type HiveEvent, isoNow, openDestination, parseEvent } from "@hivewatch/core";
import { mlflowEmitter } from "@hivewatch/emitter-mlflow";
import { atLeast, type Bench, demand } from "../bench.ts";
import { clientUpdates, encodedBatches, METRICS, type Payload } from "../lib/batches.ts";
import { askMlflow, startMlflow } from "../lib/mlflow.ts";
import { openPublisher } from "../lib/publisher.ts";
import { seconds } from "../lib/seconds.ts";
import { startHivewatch } from "../lib/servers.ts";

const CLIENTS = 50;
/** What core hands over at once. */
const BATCH_EVENTS = 500;
/** What MLflow takes at once. */
const POINTS = 1000;

/** How fast runs get to MLflow, and what that costs the ingest. */
export const mlflow: Bench = {
  name: "mlflow",
  what: "metric values/s into a real MLflow server (sqlite, one worker); events/s into the bridge meanwhile",
  async run({ quick, say }) {
    const server = await startMlflow();
    const rounds = quick ? 4 : 20;
    const times = quick ? 1 : 5;
    const figures: number[] = [];
    const floors: number[] = [];
    const withEmitter: number[] = [];
    const without: number[] = [];
    const points = rounds * CLIENTS * METRICS.length;
    for (let turn = 1; turn <= times; turn++) {
      floors.push(points / (await bareCalls(server.url, rounds)));
      figures.push(points / (await emitted(server.url, rounds)));
      say(`${turn}/${times}: ${figures.at(-1)} of ${floors.at(-1)} values/s`);
    }
    // So many take some seconds, in which MLflow takes several rounds. They are made before: a process that makes them answers
    // nothing, and MLflow closes connections that are silent.
    const updates = Array.from({ length: quick ? 20 : 2000 }, (_, round) => clientUpdates(round, 0, BATCH_EVENTS));
    for (let turn = 1; turn <= times; turn++) {
      without.push(await besideBareCalls(server.url, () => ingested(updates)));
      withEmitter.push(await ingested(updates, server.url, quick));
      say(`${turn}/${times}: ${withEmitter.at(-1)} of ${without.at(-1)} events/s`);
    }
    await server.stop();
    return [
      {
        name: "mlflow",
        unit: "values/s",
        goal: atLeast(0.9),
        figures,
        floors,
        floor: "bare calls of log-batch with as many values each, one after the other",
      },
      {
        name: "mlflow.ingest",
        unit: "events/s",
        figures: withEmitter,
        floors: without,
        goal: atLeast(0.9),
        floor: "the same ingest without an emitter, while bare calls keep the MLflow server as busy",
      },
    ];
  },
};

/** The seconds until MLflow has a run that is handed over as core does. */
async function emitted(url: string, rounds: number): Promise<number> {
  const events = eventsOf(rounds);
  const said: string[] = [];
  const destination = openDestination(mlflowEmitter({ trackingUri: url, maxClients: CLIENTS }), {
    onDiagnostic: (message) => said.push(message),
  });
  // Making the run is no matter of speed.
  await destination.deliver(events.slice(0, 1), NEVER);
  const taken = await seconds(async () => {
    for (let start = 1; start < events.length; start += BATCH_EVENTS) {
      await destination.deliver(events.slice(start, start + BATCH_EVENTS), NEVER);
    }
  });
  await destination.finish();
  demand(said.length === 0 && destination.stats.delivered === events.length, `not all was delivered: ${said}`);
  return taken;
}

const NEVER = new AbortController().signal;

function eventsOf(rounds: number): HiveEvent[] {
  const common = { run_id: randomUUID() };
  const events = [parseEvent({ ...common, event_type: "init", timestamp: isoNow(), config: {} })];
  for (let round = 0; round < rounds; round++) {
    for (let client = 0; client < CLIENTS; client++) {
      const metrics = Object.fromEntries(METRICS.map((name) => [name, Math.random()]));
      const clients = [{ client_id: `client-${client}`, ...metrics }];
      events.push(parseEvent({ ...common, event_type: "client_update", timestamp: isoNow(), round, clients }));
    }
  }
  return events;
}

/** The seconds until MLflow has as many values, in requests that were made before. */
async function bareCalls(url: string, rounds: number): Promise<number> {
  const created = await askMlflow(url, "runs/create", JSON.stringify({ experiment_id: "0" }));
  const bodies = bodiesOf(JSON.stringify(created).match(/"run_id":"(\w+)"/)?.[1] ?? "", rounds);
  const agent = new Agent({ keepAlive: true });
  const taken = await seconds(async () => {
    for (const body of bodies) await post(new URL("api/2.0/mlflow/runs/log-batch", url), body, agent);
  });
  agent.destroy();
  return taken;
}

function bodiesOf(runId: string, rounds: number): string[] {
  const points: unknown[] = [];
  for (let step = 0; step < rounds; step++) {
    for (let client = 0; client < CLIENTS; client++) {
      for (const name of METRICS) {
        points.push({ key: `client/client-${client}/${name}`, value: Math.random(), timestamp: Date.now(), step });
      }
    }
  }
  const bodies: string[] = [];
  for (let start = 0; start < points.length; start += POINTS) {
    bodies.push(JSON.stringify({ run_id: runId, metrics: points.slice(start, start + POINTS) }));
  }
  return bodies;
}

function post(url: URL, body: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const outgoing = request(url, { method: "POST", agent, headers }, (response) => {
      response.resume();
      response.on("end", () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`HTTP ${response.statusCode}`));
      });
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** Does something while the server, which is on the same machine, has as much to do as with an emitter. */
async function besideBareCalls<T>(url: string, work: () => Promise<T>): Promise<T> {
  let isOver = false;
  async function call(): Promise<void> {
    while (!isOver) await bareCalls(url, 4);
  }
  const calls = call();
  try {
    return await work();
  } finally {
    isOver = true;
    await calls;
  }
}

/**
 * Events a second until the last of them is acknowledged.
 *
 * @param url - of the MLflow server that gets them
 * @param quick - they are too few for the server to be seen to get them meanwhile
 */
async function ingested(updates: readonly Payload[], url?: string, quick = true): Promise<number> {
  const server = await (url === undefined
    ? startHivewatch([])
    : startHivewatch(["--emit", "mlflow"], { MLFLOW_TRACKING_URI: url }));
  const publisher = openPublisher(server.address);
  const runId = `measured-${randomUUID()}`;
  const encoded = [...encodedBatches(runId, updates)];
  const warmUp = encoded.splice(0, updates.length / 5);
  await publisher.publish(warmUp);
  let before = -1;
  while (url !== undefined && before < 0) {
    await sleep(ASK_EVERY_MS);
    before = await newestRound(url, runId);
  }
  const taken = await seconds(() => publisher.publish(encoded));
  const isBusy = url === undefined || quick || (await newestRound(url, runId)) > before;
  demand(isBusy, "MLflow has got nothing while events came in");
  publisher.close();
  await server.stop();
  return (encoded.length * BATCH_EVENTS) / taken;
}

const ASK_EVERY_MS = 100;

/** @returns the newest round of which MLflow has a value; -1 if there is none */
async function newestRound(url: string, runId: string): Promise<number> {
  const experiments = JSON.stringify(await askMlflow(url, "experiments/search", JSON.stringify({ max_results: 100 })));
  const ids = [...experiments.matchAll(/"experiment_id":"(\d+)"/g)].map(([, id]) => id);
  const filter = `tags.\`hivewatch/run_id\` = "${runId}"`;
  const found = await askMlflow(url, "runs/search", JSON.stringify({ experiment_ids: ids, filter }));
  const steps = [...JSON.stringify(found).matchAll(/"step":"?(\d+)/g)].map(([, step]) => Number(step));
  return Math.max(-1, ...steps);
}
