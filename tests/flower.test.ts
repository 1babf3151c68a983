import { join } from "node:path";
import {
  eventually,
  type Fields,
  fields,
  inRepository,
  list,
  readStream,
  runProgram,
  startHivewatch,
  temporaryFolder,
} from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { expectQuiet, openPage } from "./support/browser.ts";
import { readJson, readLines } from "./support/json.ts";
import { needChromium, needFlower } from "./support/parts.ts";
import { connection, incidents, runStatus, shownClients, shownRun } from "./support/viewer.ts";

test("everything that Flower knew of a run is in its files, on its stream and on its page", async (context) => {
  const python = needFlower(context);
  const chromium = needChromium(context);
  const hivewatch = await startHivewatch({ runsDir: await temporaryFolder() });
  const opened = await openPage(chromium, hivewatch.http);
  const live = await readStream(`${hivewatch.http}/stream`);

  const env = { HIVEWATCH_ENDPOINT: hivewatch.grpc, PYTHONPATH: inRepository("python/src") };
  const flower = readKnown(await runProgram(python, [inRepository("python/tests/flower_run.py")], { env }));

  expectKnown(flower, await live.finished());
  const saved = await readStream(`${hivewatch.http}/stream?run_id=${flower.runId}`);
  expectKnown(flower, await saved.finished());

  const { page } = opened;
  await eventually(async () => expect(await connection(page)).toBe("finished"));
  expect(await runStatus(page)).toBe("completed");
  expect(await page.getByTestId("run-picker").textContent()).toContain(flower.runId);
  expect(await shownClients(page)).toEqual(nodesOf(flower));
  const troubled = [flower.silent, flower.failed].map(({ node, round }) => `dropout ${node} ${round}`);
  // What needs attention is found behind all that is drawn.
  await eventually(async () => expect(await incidents(page)).toEqual(troubled));
  const shown = await shownRun(page);
  expect(shown.rounds.map(({ round }) => round)).toEqual([0, 1, 2, 3]);
  for (const { round, accuracy, loss, selected, completed, rows } of shown.rounds) {
    expect({ accuracy, loss }).toEqual(centralOf(flower, round));
    if (round === 0) continue;
    expect({ selected, completed }).toEqual({ selected: 3, completed: trainRepliesOf(flower, round).length });
    for (const { node, metrics } of trainRepliesOf(flower, round)) {
      expect(rows[node]).toMatchObject({ local_loss: metrics.train_loss, num_samples: metrics["num-examples"] });
      expect(rows[node]?.bytes_sent).toBeGreaterThan(0);
      expect(rows[node]?.bytes_received).toBeGreaterThan(0);
    }
  }
  expectQuiet(opened);

  expect(await hivewatch.stop()).toEqual({ code: 0, signal: null });
  const file = join(hivewatch.runsDir, flower.runId);
  expectKnown(flower, await readLines(`${file}.jsonl`));
  expectMap(flower, await readJson(`${file}.map.json`));
});

test("everything that Flower knew of a run is there too if the bridge comes only after its end", async (context) => {
  const python = needFlower(context);
  const before = await startHivewatch({ runsDir: await temporaryFolder() });
  await before.stop();
  const env = {
    HIVEWATCH_ENDPOINT: before.grpc,
    HIVEWATCH_SPOOL_DIR: await temporaryFolder(),
    PYTHONPATH: inRepository("python/src"),
  };
  const flower = readKnown(await runProgram(python, [inRepository("python/tests/flower_run.py")], { env }));

  const hivewatch = await before.restart();
  await runProgram(python, ["-m", "hivewatch_bridge.spool", "send"], { env });
  const saved = await readStream(`${hivewatch.http}/stream?run_id=${flower.runId}`);
  expectKnown(flower, await saved.finished());
});

/** A reply of a client, as Flower's strategy got it. */
interface Reply {
  readonly round: number;
  readonly phase: string;
  readonly node: string;
  readonly metrics: Fields;
}

interface Place {
  readonly round: number;
  readonly node: string;
}

/** What Flower knew of a run, as `python/tests/flower_run.py` tells it. */
interface Known {
  readonly runId: string;
  readonly algorithm: unknown;
  readonly numRounds: unknown;
  /** Ids by round. */
  readonly selected: Fields;
  readonly replies: readonly Reply[];
  readonly failed: Place & { readonly reason: string };
  readonly silent: Place;
  /** Metrics by round. */
  readonly aggregatedTrain: Fields;
  readonly aggregatedEvaluate: Fields;
  readonly central: Fields;
}

function readKnown(printed: string): Known {
  const known = fields(JSON.parse(printed));
  const place = (value: unknown): Place => ({ round: Number(fields(value).round), node: String(fields(value).node) });
  return {
    runId: String(known.run_id),
    algorithm: known.algorithm,
    numRounds: known.num_rounds,
    selected: fields(known.selected),
    replies: list(known.replies).map((reply) => ({
      ...place(reply),
      phase: String(reply.phase),
      metrics: fields(reply.metrics),
    })),
    failed: { ...place(known.failed), reason: `${fields(known.failed).code}: ${fields(known.failed).reason}` },
    silent: place(known.silent),
    aggregatedTrain: fields(known.aggregated_train),
    aggregatedEvaluate: fields(known.aggregated_evaluate),
    central: fields(known.central),
  };
}

function expectKnown(flower: Known, events: readonly Fields[]): void {
  const of = (type: string, round?: unknown): Fields[] =>
    events.filter((event) => event.event_type === type && (round === undefined || event.round === Number(round)));

  expect(events.every(({ run_id }) => run_id === flower.runId)).toBe(true);
  expect(of("init")).toEqual([
    expect.objectContaining({
      algorithm: flower.algorithm,
      config: expect.objectContaining({ num_rounds: flower.numRounds }),
    }),
  ]);
  expect(of("round_start").map(({ round, selected }) => [String(round), selected])).toEqual(
    Object.entries(flower.selected),
  );
  expectReplies(flower, "train", of("client_update"));
  expectReplies(flower, "evaluate", of("client_metric"));
  for (const { round, node, metrics } of flower.replies.filter(({ phase }) => phase === "train")) {
    const [client] = clientsOf(of("client_update", round)).filter(({ client_id }) => client_id === node);
    expect(client).toMatchObject({ local_loss: metrics.train_loss, num_samples: metrics["num-examples"] });
  }

  expect(of("client_dropout")).toEqual(
    [
      { ...flower.failed, reason: expect.stringContaining(flower.failed.reason) },
      { ...flower.silent, reason: expect.any(String) },
    ].map(({ round, node, reason }) =>
      expect.objectContaining({ round, clients: [{ client_id: node, status: "dropped" }], reason }),
    ),
  );
  expect(of("comm_failure")).toEqual([]);

  for (const [round, metrics] of Object.entries(flower.aggregatedTrain)) {
    expectValues(metrics, of("round_end", round)[0]?.round_metrics);
  }
  for (const [source, byRound] of Object.entries({ federated: flower.aggregatedEvaluate, central: flower.central })) {
    for (const [round, metrics] of Object.entries(byRound)) {
      expect(of("evaluation", round).filter((event) => event.source === source)).toEqual([
        expect.objectContaining({ metrics }),
      ]);
      expectValues(metrics, of("round_end", round)[0]?.round_metrics);
    }
  }
  expect(of("round_end")).toHaveLength(Object.keys(flower.central).length);
  expect(of("finished")).toEqual([expect.objectContaining({ status: "completed" })]);
}

/** Each reply is there once, with all of its metrics, and no other. */
function expectReplies(flower: Known, phase: string, events: readonly Fields[]): void {
  const replies = flower.replies.filter((reply) => reply.phase === phase);
  const clients = clientsOf(events);
  const key = (round: unknown, id: unknown): string => `${round} ${id}`;
  expect(clients.map(({ round, client_id }) => key(round, client_id)).sort()).toEqual(
    replies.map(({ round, node }) => key(round, node)).sort(),
  );
  for (const { round, node, metrics } of replies) {
    expectValues(
      metrics,
      clients.find((client) => client.round === round && client.client_id === node),
    );
  }
}

/** Every value is there, whatever it is called. */
function expectValues(metrics: unknown, holder: unknown): void {
  expect(Object.values(fields(holder))).toEqual(expect.arrayContaining(Object.values(fields(metrics))));
}

function expectMap(flower: Known, map: Fields): void {
  expect(map).toMatchObject({ run_id: flower.runId, algorithm: flower.algorithm });
  expect(map.finished_at).toEqual(expect.any(String));
  const rounds = list(map.rounds);
  expect(rounds.map(({ round }) => round)).toEqual([0, 1, 2, 3]);
  for (const { round, globalAcc, globalLoss, clients } of rounds) {
    expect({ accuracy: globalAcc, loss: globalLoss }).toEqual(centralOf(flower, round));
    if (round === 0) continue;
    const byId = new Map(list(clients).map((client) => [client.client_id, client]));
    expect([...byId.keys()].sort()).toEqual(nodesOf(flower));
    for (const reply of flower.replies.filter((each) => each.round === round)) {
      expectValues(reply.metrics, byId.get(reply.node));
    }
    for (const { round: lost, node } of [flower.failed, flower.silent]) {
      expect(byId.get(node)?.status).toBe(lost === round ? "dropped" : "active");
    }
  }
}

function clientsOf(events: readonly Fields[]): Fields[] {
  return events.flatMap((event) => list(event.clients));
}

function centralOf(flower: Known, round: unknown): Fields {
  return fields(flower.central[String(round)]);
}

function trainRepliesOf(flower: Known, round: unknown): Reply[] {
  return flower.replies.filter((reply) => reply.phase === "train" && reply.round === round);
}

function nodesOf(flower: Known): string[] {
  return [...new Set(flower.replies.map(({ node }) => node))].sort();
}
