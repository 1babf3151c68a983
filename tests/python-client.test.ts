import { join } from "node:path";
import {
  type Fields,
  type Hivewatch,
  list,
  type Program,
  readStream,
  startHivewatch,
  temporaryFolder,
  until,
} from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { fetchJson, readLines } from "./support/json.ts";
import { needFlower } from "./support/parts.ts";
import { startPythonClient } from "./support/python-client.ts";

const VALUES: Fields[] = [
  {
    event_type: "init",
    run_id: "run-python-0001",
    algorithm: "FedAvg-Ω",
    config: { lr: 0.01, seed: 7, nested: { list: [1, null, "Infinity"] }, on: true },
  },
  { event_type: "server_metadata", server: { lat: 50.11, lng: 8.68, city: "Köln" } },
  { event_type: "round_start", round: 0, selected: ["10388190150487002303", "b", "5"] },
  {
    event_type: "client_update",
    round: 0,
    clients: [
      {
        client_id: "10388190150487002303",
        round: 0,
        local_accuracy: 0.5,
        local_loss: "NaN",
        gradient_norm: "Infinity",
        gradient_magnitude: "-Infinity",
        num_samples: 1200,
        train_time_sec: 0.1 + 0.2,
        bytes_sent: 2 ** 53,
        lat: 48.85,
        lng: 2.35,
        city: "東京 🗼",
        flag: true,
        off: false,
        empty: "",
        looks_like: "NaN ",
        big: 2 ** 63,
        small: 5e-324,
        tags: ["x", null, { deep: ["NaN", { é: 1 }] }],
        nested: { k: { v: 1.5 } },
        _private: "kept",
        status: "active",
      },
    ],
  },
  { event_type: "client_metric", round: 0, clients: [{ client_id: "b", val_loss: 0.25 }] },
  {
    event_type: "client_dropout",
    round: 0,
    clients: [{ client_id: "b", status: "dropped" }],
    reason: "out of\nmemory",
  },
  { event_type: "comm_failure", round: 0, client_id: "5", reason: "unknown" },
  { event_type: "client_recovered", round: 0, client_id: "5" },
  { event_type: "evaluation", round: 0, source: "central", metrics: { accuracy: "NaN", per_class: [0.5, "Infinity"] } },
  { event_type: "checkpoint", round: 0, path: "models/größe.npz", metadata: { best: true, score: "NaN" } },
  {
    event_type: "round_end",
    round: 0,
    round_metrics: { global_accuracy: 0.25, global_loss: "NaN", algorithm_metadata: { mu: 0.01 }, own: "Infinity" },
  },
  { event_type: "my_event", value: [1, "two"] },
  { event_type: "finished", status: "failed", reason: "why: ✓" },
];

test("every value that a Python program logs arrives as it was", async (context) => {
  const python = needFlower(context);
  const hivewatch = await startHivewatch({ runsDir: await temporaryFolder() });
  const client = startPythonClient(python, "log_values.py", hivewatch.grpc);
  expect(await client.exited, client.stderr()).toEqual({ code: 0, signal: null });
  expect(client.stdout()).toBe("durable: True\n");
  expect(client.stderr()).toBe("");

  const stream = await readStream(`${hivewatch.http}/stream?run_id=run-python-0001`);
  expectEvents(await stream.finished());
  expectEvents(list(await fetchJson(`${hivewatch.http}/runs/run-python-0001/events`)));
  await hivewatch.stop();
  expectEvents(await readLines(join(hivewatch.runsDir, "run-python-0001.jsonl")));
});

test("columns arrive as the values that they hold", async (context) => {
  const python = needFlower(context);
  const hivewatch = await startHivewatch({ runsDir: await temporaryFolder() });
  const client = startPythonClient(python, "log_columns.py", hivewatch.grpc);
  expect(await client.exited, client.stderr()).toEqual({ code: 0, signal: null });
  expect(client.stdout()).toBe("durable: True\n");
  await hivewatch.stop();
  const events = await readLines(join(hivewatch.runsDir, "run-columns-0001.jsonl"));
  const updates = events.filter(({ event_type }) => event_type === "client_update");
  const clients = updates.flatMap(({ clients }) => list(clients)).map(known);
  const expected = [
    ...Array.from({ length: 2500 }, (_, i) => ({
      client_id: String(10388190150487002303n + BigInt(i)),
      round: 0,
      local_loss: 1 / (i + 1),
      local_accuracy: i / 4096,
      num_samples: i,
      train_time_sec: i,
      ...(i % 3 > 0 && { gradient_norm: i % 3 === 1 ? "NaN" : i / 7 }),
      ...(i % 2 === 0 && { city: `Köln ${i}` }),
      fast: i % 2 === 0,
      mixed: i % 2 === 0 ? `text ${i}` : i,
    })),
    { client_id: "a", round: 1, note: "x" },
    { client_id: "b", round: 1, lat: 48.5 },
    { client_id: "c", round: 1, local_loss: 0.25 },
  ];
  expect(clients).toEqual(expected.map((client) => ({ ...client, status: "active" })));
});

test("a bridge that is killed and started again has every event once", async (context) => {
  const python = needFlower(context);
  const hivewatch = await startHivewatch({ runsDir: await temporaryFolder() });
  const client = startPythonClient(python, "log_steps.py", hivewatch.grpc);
  await step(client, 0);
  // Some of it is stored, and the rest may be on its way.
  await until("the first events", async () => list(await fetchJson(`${hivewatch.http}/runs`)).length > 0);
  client.say("go");
  await hivewatch.kill();
  await client.printed(/logged step 1$/m);
  await step(client, 2);
  const again = await hivewatch.restart();
  await step(client, 3);
  await expectAllSteps(client, again);
});

test("a bridge that is started after the training began misses nothing", async (context) => {
  const python = needFlower(context);
  const earlier = await startHivewatch({ runsDir: await temporaryFolder() });
  expect(await earlier.stop()).toEqual({ code: 0, signal: null });
  const client = startPythonClient(python, "log_steps.py", earlier.grpc);
  for (const index of [0, 1, 2]) await step(client, index);
  const hivewatch = await earlier.restart();
  await step(client, 3);
  await expectAllSteps(client, hivewatch);
});

function expectEvents(events: readonly Fields[]): void {
  expect(events.map(({ event_type }) => event_type)).toEqual(VALUES.map(({ event_type }) => event_type));
  for (const [i, value] of VALUES.entries()) expect(events[i]).toMatchObject(value);
  // What was None was not reported.
  expect(list(events[3]?.clients)[0]?.sparsity ?? null).toBeNull();
}

/** A client without what nobody reported. */
function known(client: Fields): Fields {
  return Object.fromEntries(Object.entries(client).filter(([, value]) => value !== null));
}

async function step(client: Program, index: number): Promise<void> {
  client.say("go");
  await client.printed(new RegExp(`logged step ${index}$`, "m"));
}

async function expectAllSteps(client: Program, hivewatch: Hivewatch): Promise<void> {
  expect(await client.exited, client.stderr()).toEqual({ code: 0, signal: null });
  expect(client.stdout()).toContain("durable: True");
  await hivewatch.stop();
  const events = await readLines(join(hivewatch.runsDir, "run-steps-0001.jsonl"));
  const expected = [0, 1, 2, 3].flatMap((round) => [
    `round_start ${round}`,
    ...Array.from({ length: 200 }, (_, i) => `client_update ${round} ${round * 200 + i}`),
    `client_dropout ${round}`,
    `round_end ${round}`,
  ]);
  expect(events.map(inShort)).toEqual(["init", ...expected, "finished"]);
}

function inShort({ event_type: type, round, clients }: Fields): string {
  if (round === undefined) return String(type);
  return type === "client_update" ? `${type} ${round} ${list(clients)[0]?.local_loss}` : `${type} ${round}`;
}
