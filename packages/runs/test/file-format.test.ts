import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createRun, type HiveEvent } from "@hivewatch/core";
import { temporaryFolder } from "@hivewatch/test-support";
import { describe, expect, test } from "vitest";
import { filesEmitter } from "../src/index.ts";
import { event, TIME, update } from "./support/events.ts";
import { filesOfEvents } from "./support/memory-fold.ts";

type Fields = Record<string, unknown>;

/** As Python hivewatch 0.3.1 writes them. */
const CLIENT_KEYS = [
  "client_id",
  "round",
  "local_accuracy",
  "local_loss",
  "num_samples",
  "base_round",
  "gradient_norm",
  "gradient_magnitude",
  "sparsity",
  "compression_ratio",
  "bytes_sent",
  "bytes_received",
  "network_latency_ms",
  "train_time_sec",
  "cpu_pct",
  "ram_mb",
  "gpu_util_pct",
  "gpu_vram_mb",
  "lat",
  "lng",
  "city",
  "country",
  "status",
];

function filesOf(events: readonly HiveEvent[]): { lines: Fields[]; map: Fields & { rounds: Fields[] } } {
  const { lines, map } = filesOfEvents(events);
  const texts = lines === "" ? [] : lines.trimEnd().split("\n");
  return { lines: texts.map((line) => JSON.parse(line)), map: JSON.parse(map) };
}

function clientsOf(line: Fields | undefined): Fields[] {
  return Array.isArray(line?.clients) ? line.clients : [];
}

describe("a line of a client's result", () => {
  test("has all known fields in their order, null where nothing is known, and further ones behind them", () => {
    const { lines } = filesOf([
      update({ client_id: "a", site: "x", local_loss: 0.5, _debug: 1, nested: { k: [1] } }, 3),
    ]);
    const [client] = clientsOf(lines[0]);
    expect(Object.keys(client ?? {})).toEqual([...CLIENT_KEYS, "site", "_debug", "nested"]);
    expect(client).toMatchObject({ client_id: "a", round: 3, local_loss: 0.5, local_accuracy: null, status: "active" });
    expect(client).toMatchObject({ site: "x", _debug: 1, nested: { k: [1] } });
    expect(lines[0]).toMatchObject({ event_type: "client_update", run_id: "r", round: 3, timestamp: TIME });
  });

  test("is of one client, also if several came in one event", () => {
    const clients = [{ client_id: "a" }, { client_id: "b" }];
    const { lines } = filesOf([event({ event_type: "client_update", round: 1, clients })]);
    expect(lines.map((line) => clientsOf(line).map((client) => client.client_id))).toEqual([["a"], ["b"]]);
  });

  test("without a round says null, and is in no round", () => {
    const { lines, map } = filesOf([update({ client_id: "a", local_loss: 1 }, null)]);
    expect([lines[0]?.round, clientsOf(lines[0])[0]?.round]).toEqual([null, null]);
    expect(map.rounds).toEqual([]);
  });

  test("has numbers that are none as words that are JSON", () => {
    const values = { local_loss: Number.NaN, a: Number.POSITIVE_INFINITY, b: Number.NEGATIVE_INFINITY };
    const { lines } = filesOf([update({ client_id: "a", ...values })]);
    expect(clientsOf(lines[0])[0]).toMatchObject({ local_loss: "NaN", a: "Infinity", b: "-Infinity" });
  });
});

const ROUND = [
  update({ client_id: "a", local_loss: 1, gradient_norm: 1 }, 2),
  update({ client_id: "b", local_loss: 2, gradient_norm: 3 }, 2),
  event({ event_type: "comm_failure", round: 2, client_id: "c" }),
  event({ event_type: "client_dropout", round: 2, clients: [{ client_id: "d" }] }),
];
const ROUND_END = event({ event_type: "round_end", round: 2, round_metrics: { global_accuracy: 0.5 } });

describe("a line of a round's end", () => {
  test("has the round's figures, and in full the clients that sent a result", () => {
    const line = filesOf([...ROUND, ROUND_END]).lines.at(-1);
    expect(line?.round_metrics).toMatchObject({ global_accuracy: 0.5, gradient_norm_dispersion: Math.SQRT2 });
    expect(clientsOf(line).map((client) => client.client_id)).toEqual(["a", "b"]);
    for (const client of clientsOf(line)) expect(Object.keys(client)).toEqual(CLIENT_KEYS);
  });

  test("has a list of clients also where none is known", () => {
    expect(filesOf([ROUND_END]).lines).toMatchObject([{ event_type: "round_end", clients: [] }]);
  });
});

test("dropouts and failures say why, or that it is unknown", () => {
  expect(filesOf(ROUND).lines.slice(2)).toEqual([
    { event_type: "comm_failure", run_id: "r", round: 2, timestamp: TIME, client_id: "c", reason: "unknown" },
    {
      event_type: "client_dropout",
      run_id: "r",
      round: 2,
      timestamp: TIME,
      clients: [expect.objectContaining({ client_id: "d" })],
      reason: "unknown",
    },
  ]);
});

describe("the map", () => {
  test("has its eight keys, null until they are known", () => {
    expect(filesOf([]).map).toEqual({
      schema_version: 1,
      run_id: "r",
      algorithm: "unknown",
      config: {},
      started_at: null,
      finished_at: null,
      server: null,
      rounds: [],
    });
  });

  test("has of each round its keys, the dispersion under both of its names, and of clients only what is known", () => {
    const { map } = filesOf([...ROUND, ROUND_END]);
    expect(map.rounds).toEqual([
      {
        round: 2,
        globalAcc: 0.5,
        globalLoss: null,
        duration: null,
        dispersion: Math.SQRT2,
        divergence: Math.SQRT2,
        clients: [
          { client_id: "a", round: 2, local_loss: 1, gradient_norm: 1, status: "active" },
          { client_id: "b", round: 2, local_loss: 2, gradient_norm: 3, status: "active" },
          { client_id: "c", status: "failed" },
          { client_id: "d", status: "dropped" },
        ].map((client) => expect.objectContaining(client)),
      },
    ]);
    for (const { clients } of map.rounds)
      for (const client of clientsOf({ clients })) expect(Object.values(client)).not.toContain(null);
  });

  test("has its rounds by number, whatever order they came in, and from 0", () => {
    const { map } = filesOf([5, 0, 10, 2].map((round) => update({ client_id: "a" }, round)));
    expect(map.rounds.map((round) => round.round)).toEqual([0, 2, 5, 10]);
  });

  test("lays a client's later values over its earlier ones, and null over none", () => {
    const { map } = filesOf([
      event({ event_type: "comm_failure", round: 1, client_id: "a" }),
      update({ client_id: "a", local_loss: 1, cpu_pct: 5 }, 1),
      update({ client_id: "a", local_loss: 2, cpu_pct: null }, 1),
    ]);
    expect(map.rounds[0]?.clients).toEqual([{ client_id: "a", round: 1, local_loss: 2, cpu_pct: 5, status: "active" }]);
  });
});

test("times are written in UTC with microseconds", async () => {
  const runsDir = await temporaryFolder();
  const run = createRun({ runId: "r", emitters: [filesEmitter({ runsDir })] });
  run.logRound(1);
  expect(await run.finish()).toBe(true);
  const text = await readFile(join(runsDir, "r.jsonl"), "utf8");
  const times = Array.from(text.matchAll(/"(?:timestamp|started_at)":"([^"]*)"/g), ([, time]) => time);
  expect(times.length).toBeGreaterThan(3);
  for (const time of times) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/);
  expect(text.endsWith("}\n")).toBe(true);
});
