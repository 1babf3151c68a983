import { type HiveEvent, parseEvent } from "@hivewatch/core";
import { newSeed, randomFrom } from "@hivewatch/test-support";
import { RECORDED_STREAMS, recordedStream } from "@hivewatch/testkit";
import { describe, expect, it } from "vitest";
import { createTranslator, type Point, type TranslatorOptions, type Writes } from "../src/translate.ts";

const DEFAULTS: TranslatorOptions = { logSystem: true, logPerClient: true, logGeo: false, maxClients: 50 };
const TIME = "2026-01-01T00:00:00.123456+00:00";
const MILLIS = Date.parse("2026-01-01T00:00:00.123Z");

function eventsOf(...events: readonly Record<string, unknown>[]): HiveEvent[] {
  return events.map((fields) => parseEvent({ run_id: "r", timestamp: TIME, ...fields }));
}

function translate(events: readonly HiveEvent[], options: Partial<TranslatorOptions> = {}): Writes {
  return createTranslator({ ...DEFAULTS, ...options }).translate(events);
}

/** The values by name, each with its step. */
function figures({ points }: Pick<Writes, "points">): Record<string, [step: number, value: number]> {
  return Object.fromEntries(points.map(({ key, step, value }) => [key, [step, value]]));
}

const update = (client: Record<string, unknown>, round: number | null = 1) => ({
  event_type: "client_update",
  round,
  clients: [{ client_id: "a", ...client }],
});

describe("a round", () => {
  const events = eventsOf(
    { event_type: "round_start", round: 1, selected: ["a", "b"] },
    update({ local_loss: 0.5, local_accuracy: 0.7, bytes_sent: 2_000_000, cpu_pct: 12, base_round: 0, lat: 1, lng: 2 }),
    {
      event_type: "round_end",
      round: 1,
      round_metrics: {
        global_accuracy: 0.9,
        global_loss: Number.NaN,
        round_duration_sec: 4,
        total_bytes_down: 1_000_000,
        algorithm_metadata: { mu: 0.1, deep: { er: Number.POSITIVE_INFINITY }, name: "x" },
        fairness: 0.3,
      },
    },
  );

  it("has its figures, those of its clients and of their machines, under the names that MLflow's page groups by", () => {
    expect(figures(translate(events))).toEqual({
      "client/a/loss": [1, 0.5],
      "client/a/accuracy": [1, 0.7],
      "client/a/bytes_sent_mb": [1, 2],
      "client/a/staleness": [1, 1],
      "system/a/cpu_utilization_percentage": [1, 12],
      "round/accuracy": [1, 0.9],
      "round/loss": [1, Number.NaN],
      "round/duration_sec": [1, 4],
      "round/fairness": [1, 0.3],
      "round/num_selected": [1, 2],
      "round/num_completed": [1, 1],
      "round/num_failures": [1, 0],
      "round/participation_rate": [1, 0.5],
      "round/clients_accuracy": [1, 0.7],
      "round/clients_loss": [1, 0.5],
      "comm/total_bytes_up_mb": [1, 2],
      "comm/total_bytes_down_mb": [1, 1],
      "comm/total_bytes_mb": [1, 3],
      "comm/bytes_per_client_mb": [1, 2],
      "agg/algo/mu": [1, 0.1],
      "agg/algo/deep/er": [1, Number.POSITIVE_INFINITY],
    });
  });

  it("has whole milliseconds and whole steps, which MLflow needs", () => {
    for (const { timestamp, step } of translate(events).points) expect([timestamp, step]).toEqual([MILLIS, 1]);
  });

  it("leaves out what is not wanted", () => {
    const keys = Object.keys(figures(translate(events, { logPerClient: false, logSystem: false })));
    expect(keys.filter((key) => /^(client|system)/.test(key))).toEqual([]);
    expect(keys).toContain("round/accuracy");
  });
});

it("a value without a round belongs to the newest one", () => {
  const { points } = translate(eventsOf({ event_type: "round_start", round: 4 }, update({ local_loss: 1 }, null)));
  expect(points).toEqual([{ key: "client/a/loss", value: 1, timestamp: MILLIS, step: 4 }]);
});

it("of more clients than there is room for, the spread is told", () => {
  const clients = Array.from({ length: 5 }, (_, i) => update({ client_id: `c${i}`, local_loss: i }));
  const found = figures(
    translate(eventsOf(...clients, { event_type: "round_end", round: 1, round_metrics: {} }), { maxClients: 2 }),
  );
  expect(Object.keys(found).filter((key) => key.startsWith("client/"))).toEqual(["client/c0/loss", "client/c1/loss"]);
  expect(found).toMatchObject({ "clients/loss/min": [1, 0], "clients/loss/p50": [1, 2], "clients/loss/max": [1, 4] });
});

it("dropouts and failures are counted, and told in one table at the end", () => {
  const { points, files, tags } = translate(
    eventsOf(
      { event_type: "client_dropout", round: 1, clients: [{ client_id: "a" }], reason: "gone" },
      { event_type: "comm_failure", round: 1, client_id: "b/c", reason: "reset" },
      { event_type: "round_end", round: 1, round_metrics: {} },
      { event_type: "finished", status: "aborted", reason: "stopped" },
    ),
  );
  expect(figures({ points })).toMatchObject({
    "event/client_dropouts": [1, 1],
    "event/comm_failures": [1, 1],
  });
  expect(files).toEqual([
    {
      path: "dropouts.json",
      isTable: true,
      text: JSON.stringify({
        columns: ["round", "time", "kind", "client", "reason"],
        data: [
          [1, TIME, "dropout", "a", "gone"],
          [1, TIME, "comm_failure", "b/c", "reset"],
        ],
      }),
    },
  ]);
  expect(tags.get("hivewatch/reason")).toBe("stopped");
});

it("dropouts and failures after the last round's end are counted at the run's", () => {
  const failure = { event_type: "comm_failure", client_id: "b", reason: "reset" };
  const { points } = translate(
    eventsOf(
      { event_type: "client_dropout", round: 1, clients: [{ client_id: "a" }], reason: "gone" },
      { ...failure, round: 1 },
      { event_type: "round_end", round: 1, round_metrics: {} },
      { ...failure, round: 2 },
      { event_type: "finished", status: "failed" },
    ),
  );
  const counts = points.filter(({ key }) => key.startsWith("event/"));
  expect(counts.map(({ key, value, step }) => [key, step, value])).toEqual([
    ["event/client_dropouts", 1, 1],
    ["event/comm_failures", 1, 1],
    ["event/comm_failures", 2, 2],
  ]);
});

it.each([
  ["completed", "FINISHED"],
  ["failed", "FAILED"],
  ["aborted", "KILLED"],
  ["lost", "FAILED"],
])("a run that is %s is %s in MLflow, since then", (status, expected) => {
  expect(translate(eventsOf({ event_type: "finished", status })).status).toEqual({ status: expected, endTime: MILLIS });
});

it("a second start goes on", () => {
  const events = eventsOf({ event_type: "init" }, { event_type: "finished", status: "failed" }, { event_type: "init" });
  expect(translate(events).status).toEqual({ status: "RUNNING" });
});

describe("a configuration", () => {
  const paramsOf = (config: Record<string, unknown>) => {
    const { params, files } = translate(eventsOf({ event_type: "init", algorithm: "FedProx", config }));
    return { params: Object.fromEntries([...params.values()].map(({ key, value }) => [key, value])), files };
  };

  it("is flattened", () => {
    expect(
      paramsOf({ lr: 0.01, net: { layers: [1, 2], act: { name: "relu" } }, none: null, on: true, empty: {} }),
    ).toEqual({
      params: {
        algorithm: "FedProx",
        lr: "0.01",
        "net.layers": "[1,2]",
        "net.act.name": "relu",
        none: "null",
        on: "true",
        empty: "{}",
      },
      files: [],
    });
  });

  it("says so where a value is too long, and is there whole as a file", () => {
    const { params, files } = paramsOf({ prompt: "x".repeat(10_000) });
    expect(params.prompt).toHaveLength(6000);
    expect(params.prompt).toMatch(/ … \(cut: 10000 characters, see config\.json\)$/);
    expect(files.map(({ path }) => path)).toEqual(["config.json"]);
    expect(files[0]?.text).toContain("x".repeat(10_000));
  });
});

it("places are told only if that is asked for", () => {
  const events = eventsOf(
    { event_type: "server_metadata", server: { org: "Klinik", city: "Köln", lat: 1, lng: 2 } },
    update({ lat: 52.5, lng: 13.4, city: "Berlin" }),
    { event_type: "finished" },
  );
  const without = translate(events);
  expect(JSON.stringify([...without.tags, ...without.files, ...without.points])).not.toMatch(/Berlin|Köln|52\.5|lat/);
  const told = translate(events, { logGeo: true });
  expect(told.tags.get("hivewatch/server/city")).toBe("Köln");
  expect(told.files[0]).toMatchObject({ path: "locations.json", isTable: true });
  expect(told.files[0]?.text).toContain('["a",52.5,13.4,"Berlin",null]');
});

describe.each(RECORDED_STREAMS)("the recorded run %s", (name) => {
  it("gives the same, in whatever batches it comes", () => {
    const events = recordedStream(name);
    const random = randomFrom(newSeed());
    const translator = createTranslator(DEFAULTS);
    const points: Point[] = [];
    for (let start = 0; start < events.length; ) {
      const size = 1 + random.below(7);
      points.push(...translator.translate(events.slice(start, start + size)).points);
      start += size;
    }
    expect(points).toEqual(translate(events).points);
    expect(points.length).toBeGreaterThan(20);
  });

  it("has steps and times that are whole, and no name that is too long", () => {
    for (const { key, step, timestamp } of translate(recordedStream(name)).points) {
      expect(Number.isSafeInteger(step) && Number.isSafeInteger(timestamp)).toBe(true);
      expect(key.length).toBeLessThanOrEqual(250);
    }
  });
});
