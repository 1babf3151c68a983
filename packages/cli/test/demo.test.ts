import {
  type ClientMetrics,
  createRun,
  type HiveEvent,
  isKnownEvent,
  type KnownEvent,
  memoryEmitter,
} from "@hivewatch/core";
import { describe, expect, it } from "vitest";
import { withBrokenSensor } from "../src/demo/broken-sensor.ts";
import { createTask } from "../src/demo/dataset.ts";
import { demoConfig } from "../src/demo/demo-config.ts";
import { federatedAverage, isUsable } from "../src/demo/federated-averaging.ts";
import { trainLocally } from "../src/demo/local-training.ts";
import { evaluate, initialParameters, lossAndGradient } from "../src/demo/model.ts";
import { type PlayDemoOptions, playDemo } from "../src/demo/play-demo.ts";
import { randomFrom } from "../src/demo/random.ts";
import type { DemoOptions } from "../src/demo/settings.ts";

/** Plays a demo into memory. */
async function play(options: DemoOptions = {}): Promise<readonly HiveEvent[]> {
  const memory = memoryEmitter();
  const run = createRun({ runId: "demo", config: demoConfig(options), emitters: [memory] });
  await playDemo({ ...options, run, pace: "max" });
  await run.finish();
  return memory.events;
}

function ofType<T extends KnownEvent["event_type"]>(
  events: readonly HiveEvent[],
  type: T,
): Extract<KnownEvent, { event_type: T }>[] {
  return events.filter(
    (event): event is Extract<KnownEvent, { event_type: T }> => isKnownEvent(event) && event.event_type === type,
  );
}

function updates(events: readonly HiveEvent[]): ClientMetrics[] {
  return ofType(events, "client_update").flatMap((event) => event.clients);
}

function withoutTimes(events: readonly HiveEvent[]): Record<string, unknown>[] {
  return events.map(({ timestamp: _timestamp, started_at: _startedAt, ...rest }) => rest);
}

describe("the default demo", async () => {
  const events = await play();
  const rounds = ofType(events, "round_end");
  const accuracies = rounds.map((event) => Number(event.round_metrics.global_accuracy));

  it("learns: from guessing to a useful model", () => {
    expect(accuracies).toHaveLength(30);
    expect(accuracies[0]).toBeLessThan(0.3);
    expect(accuracies.at(-1)).toBeGreaterThan(0.85);
    expect(accuracies.at(-1)).toBeLessThan(0.95);
    expect(rounds.every((event) => event.round_metrics.global_source === "central")).toBe(true);
  });

  it("would take two to three minutes at real pace", () => {
    const seconds = rounds.reduce((sum, event) => sum + Number(event.round_metrics.round_duration_sec), 0);
    expect(seconds).toBeGreaterThan(120);
    expect(seconds).toBeLessThan(180);
  });

  it("asks a part of the clients in each round, and hears of each of them once", () => {
    for (const { round, selected } of ofType(events, "round_start")) {
      const heard = [
        ...ofType(events, "client_update")
          .filter((event) => event.round === round)
          .flatMap((event) => event.clients.map((client) => client.client_id)),
        ...ofType(events, "client_dropout")
          .filter((event) => event.round === round)
          .flatMap((event) => event.clients.map((client) => client.client_id)),
        ...ofType(events, "comm_failure")
          .filter((event) => event.round === round)
          .map((event) => event.client_id),
      ];
      expect([...heard].sort()).toEqual([...(selected ?? [])].sort());
      expect(heard.length).toBeLessThan(24);
    }
  });

  it("has sites on every continent but one that doesn't tell where it is", () => {
    const clients = new Map(updates(events).map((client) => [client.client_id, client]));
    expect(clients.size).toBe(24);
    const located = [...clients.values()].filter((client) => typeof client.lat === "number");
    expect(located).toHaveLength(23);
    expect(new Set(located.map((client) => client.country)).size).toBeGreaterThan(15);
    expect(clients.get("hospital-rio-da-prata")).not.toHaveProperty("city");
  });

  it("has a site that loses the connection for some rounds and comes back", () => {
    const failures = ofType(events, "comm_failure");
    const [recovery, ...more] = ofType(events, "client_recovered");
    expect(failures.length).toBeGreaterThan(1);
    expect(new Set(failures.map((event) => event.client_id))).toEqual(new Set([recovery?.client_id]));
    expect(recovery?.round).toBe((failures.at(-1)?.round ?? 0) + 1);
    expect(more).toEqual([]);
  });

  it("has a site whose model becomes NaN, which the server leaves out of the average", () => {
    const spoilt = updates(events).filter((client) => Number.isNaN(client.local_loss));
    expect(spoilt.length).toBeGreaterThan(1);
    for (const client of spoilt) {
      expect(client.gradient_norm).toBeNaN();
      const end = rounds.find((event) => event.round === client.round);
      expect(end?.round_metrics.algorithm_metadata?.excluded_clients).toEqual([client.client_id]);
    }
    expect(accuracies.every(Number.isFinite)).toBe(true);
    const last = updates(events).findLast((client) => client.client_id === spoilt[0]?.client_id);
    expect(last?.local_loss).toBeLessThan(3);
  });

  it("has chronic stragglers, and drops clients that are too late", () => {
    const straggling = rounds.filter((event) => Number(event.round_metrics.num_stragglers) > 0);
    expect(straggling.length).toBeGreaterThan(15);
    const reasons = ofType(events, "client_dropout").map((event) => event.reason);
    expect(reasons).toContain("no result within the round's 5.5 s");
  });

  it("has dropouts for several reasons", () => {
    expect(new Set(ofType(events, "client_dropout").map((event) => event.reason)).size).toBeGreaterThan(2);
  });

  it("has a site that joins late and one that trains on the model before", () => {
    const first = updates(events).find((client) => client.client_id === "harbourview-hospital");
    expect(first?.round).toBeGreaterThan(3);
    const stale = updates(events).filter((client) => client.round !== client.base_round);
    expect(new Set(stale.map((client) => client.client_id))).toEqual(new Set(["lagoon-teaching-hospital"]));
  });

  it("tells sizes of messages that the model's parameters fit into", () => {
    const parameters = Number(demoConfig().num_parameters);
    for (const client of updates(events)) {
      expect(client.bytes_sent).toBeGreaterThan(4 * parameters);
      expect(client.bytes_received).toBeGreaterThan(4 * parameters);
      expect(client.bytes_sent).toBeLessThan(4 * parameters + 256);
    }
  });

  it("tells of its server and its checkpoints", () => {
    expect(ofType(events, "server_metadata")[0]?.server.city).toBe("Geneva");
    expect(ofType(events, "checkpoint").map((event) => event.round)).toEqual([15, 30]);
  });
});

describe("playDemo", () => {
  it("plays the same training for the same seed, and another one for another", async () => {
    const options = { rounds: 6, clients: 8, seed: 11 };
    const first = withoutTimes(await play(options));
    expect(withoutTimes(await play(options))).toEqual(first);
    expect(withoutTimes(await play({ ...options, seed: 12 }))).not.toEqual(first);
  });

  it("learns with any seed", async () => {
    for (const seed of [0, 1, 2]) {
      const ends = ofType(await play({ seed, rounds: 10, clients: 8 }), "round_end");
      const [first, last] = [ends[0], ends.at(-1)].map((event) => Number(event?.round_metrics.global_accuracy));
      expect(last, `seed ${seed}`).toBeGreaterThan(2 * (first ?? 1));
    }
  });

  it("makes up further sites around the listed ones", async () => {
    const events = await play({ clients: 200, rounds: 2 });
    const started = ofType(events, "round_start");
    // One joins late.
    expect(started[0]?.selected).toHaveLength(Math.round(0.8 * 199));
    const located = updates(events).filter((client) => typeof client.lat === "number");
    const places = new Map(located.map((client) => [client.client_id, `${client.lat},${client.lng}`]));
    expect(places.size).toBeGreaterThan(150);
    expect(new Set(places.values()).size).toBe(places.size);
  });

  it("plays with two clients and one round", async () => {
    const events = await play({ clients: 2, rounds: 1 });
    expect(ofType(events, "round_end")).toHaveLength(1);
  });

  it("refuses fewer, and what isn't a whole number", async () => {
    await expect(play({ clients: 1 })).rejects.toThrow("clients must be a whole number from 2, but it is 1");
    await expect(play({ rounds: 0 })).rejects.toThrow("rounds");
    expect(() => demoConfig({ seed: 0.5 })).toThrow("seed");
  });

  it("tells how far it is", async () => {
    const seen: unknown[] = [];
    const run = createRun();
    await playDemo({
      run,
      rounds: 3,
      clients: 3,
      pace: "max",
      onRound: ({ round, rounds }) => seen.push([round, rounds]),
    });
    expect(seen).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
  });

  it.each(["real", "max"] as const)("stops when it is aborted, at pace %s", async (pace) => {
    const abort = new AbortController();
    const memory = memoryEmitter();
    const run = createRun({ emitters: [memory] });
    const options: PlayDemoOptions = { run, rounds: 1_000_000, clients: 4, pace, signal: abort.signal };
    const playing = playDemo(options);
    // By then it waits for the first client.
    setImmediate(() => abort.abort());
    await expect(playing).rejects.toMatchObject({ name: "AbortError" });
    await run.finish({ status: "aborted" });
    expect(ofType(memory.events, "round_end").length).toBeLessThan(2);
  });
});

describe("the training", () => {
  const task = createTask(3);
  const data = task.siteData("a");
  const start = initialParameters(randomFrom(3, "model"));

  it("averages models by their samples", () => {
    const average = federatedAverage(new Float64Array([9, 9]), [
      { parameters: new Float64Array([1, 10]), numSamples: 30 },
      { parameters: new Float64Array([5, -10]), numSamples: 10 },
    ]);
    // (30·1 + 10·5) / 40, (30·10 − 10·10) / 40
    expect([...average]).toEqual([2, 5]);
  });

  it("keeps the model of a round without results", () => {
    const current = new Float64Array([1, 2]);
    expect(federatedAverage(current, [])).toEqual(current);
  });

  it("has the gradient that its loss has", () => {
    const batch = { features: data.features.slice(0, 8), labels: data.labels.slice(0, 8) };
    const { gradient } = lossAndGradient(start, batch);
    const step = 1e-6;
    for (let i = 0; i < start.length; i += 7) {
      const moved = (by: number): number =>
        lossAndGradient(
          start.map((value, j) => (j === i ? value + by : value)),
          batch,
        ).loss;
      expect(gradient[i], `parameter ${i}`).toBeCloseTo((moved(step) - moved(-step)) / (2 * step), 6);
    }
  });

  it("fits a site's data better after training, and leaves the global model alone", () => {
    const before = start.slice();
    const result = trainLocally(start, data, randomFrom("training"));
    expect(result.loss).toBeLessThan(evaluate(start, data).loss);
    expect(start).toEqual(before);
    expect(result.numSamples).toBe(data.labels.length);
  });

  it("can't use what was trained on a value that isn't a number", () => {
    const result = trainLocally(start, withBrokenSensor(data), randomFrom("training"));
    expect(result.loss).toBeNaN();
    expect(isUsable(result)).toBe(false);
    expect(data.features[0]?.every(Number.isFinite)).toBe(true);
  });

  it("gives sites uneven shares of the classes, and different amounts", () => {
    const sites = ["a", "b", "c", "d", "e", "f"].map((id) => task.siteData(id));
    const largestShare = sites.map(({ labels }) => {
      const counts = Array.from({ length: 10 }, (_, label) => labels.filter((given) => given === label).length);
      return Math.max(...counts) / labels.length;
    });
    expect(Math.max(...largestShare)).toBeGreaterThan(0.4);
    expect(new Set(sites.map(({ labels }) => labels.length)).size).toBeGreaterThan(3);
  });

  it("draws the same data each time", () => {
    expect(task.siteData("a")).toEqual(data);
    expect(task.siteData("b")).not.toEqual(data);
  });
});
