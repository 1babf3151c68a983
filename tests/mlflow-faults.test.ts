import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bridgeEmitter } from "@hivewatch/bridge";
import { createRun, memoryEmitter, stringifyEvent } from "@hivewatch/core";
import { type MlflowEmitterOptions, mlflowEmitter } from "@hivewatch/emitter-mlflow";
import {
  fields,
  freePort,
  isSoak,
  listen,
  newCertificate,
  newSeed,
  randomFrom,
  runCommand,
  soak,
  startCommand,
  startHivewatch,
  temporaryFolder,
  until,
} from "@hivewatch/test-support";
import { expect, onTestFinished, test, vi } from "vitest";
import { startCuttingProxy } from "./support/cutting-proxy.ts";
import { startForwarder } from "./support/forwarder.ts";
import { startKnownRun } from "./support/known-run.ts";
import { artifactOf, askMlflow, serverOfFile, startMlflow, storedRuns } from "./support/mlflow.ts";
import { expectMetrics } from "./support/mlflow-expected.ts";
import { expectKnownRounds, logKnownRound, type Trained } from "./support/mlflow-training.ts";
import { needMlflow, needMlflow2 } from "./support/parts.ts";
import { startPostgres } from "./support/postgres.ts";

const urlFor = serverOfFile();

test("behind a way on which connections are cut at random, all is there once", async (context) => {
  await expectOnceBehindCuts(urlFor(context), { rounds: soak(40, 1000), clients: 5 });
});

/** With more names in a request than servers before 3.10 take twice at once, and enough of them for several requests. */
const MANY = { rounds: 40, clients: 70, further: 5 };

if (isSoak) testOtherServers();

function testOtherServers(): void {
  test("the same with MLflow 2, and what is deleted there", async (context) => {
    const { url } = await startMlflow(needMlflow2(context), { args: ["--backend-store-uri", "sqlite:///mlflow.db"] });
    // After each cut it needs dozens of requests for what it has, and may be waited for half a minute before.
    await expectOnceBehindCuts(url, MANY, 40);
    await Promise.all([expectWaitForDeleted(url), expectSuccessor(url), expectWaitForExperiment(url)]);
  });

  test.for([1, 4])("the same with sqlite behind workers: %d", async (workers, context) => {
    const { url } = await startMlflow(needMlflow(context), { workers });
    await expectOnceBehindCuts(url, MANY);
  });

  test.for([1, 4])("the same with PostgreSQL behind workers: %d", async (workers, context) => {
    const python = needMlflow(context);
    const database = `postgresql+psycopg2://postgres@${await startPostgres(context)}`;
    const { url } = await startMlflow(python, { args: ["--backend-store-uri", database], workers });
    await expectOnceBehindCuts(url, MANY);
  });
}

/** Sends a run with everything in it over a way on which connections are cut to its end, and checks that all of it arrives once. */
async function expectOnceBehindCuts(url: string, atLeast: Trained, oneIn = 10): Promise<void> {
  const proxy = await startCuttingProxy(url, randomFrom(newSeed()), oneIn);
  const checkpointDir = await temporaryFolder();
  const weights = randomBytes(3000);
  await writeFile(join(checkpointDir, "w.bin"), weights);
  const tags = { team: "oncology" };
  const mlflow = mlflowEmitter({ trackingUri: proxy.url, maxClients: atLeast.clients, checkpointDir, tags });
  const memory = memoryEmitter();
  const config = { lr: 0.1, net: { depth: 3 }, prompt: "x".repeat(7000), dataset: "mnist" };
  const run = createRun({ config, emitters: [mlflow, memory], maxQueue: Number.POSITIVE_INFINITY });
  let rounds = 0;
  // What waited for a cut goes on in few requests: so few of them may be cut in so many rounds.
  for (; rounds < atLeast.rounds || proxy.cuts < 3; rounds++) {
    const round = rounds;
    logKnownRound(run, round, atLeast.clients, atLeast.further);
    if (round % 10 === 0) run.logDropout(round, "gone/away", "out of memory");
    if (round % 20 === 0) run.logCheckpoint(round, "w.bin");
    // So that there are many requests.
    await sleep(20);
  }
  expect(await run.finish({ timeoutMs: 300_000 })).toBe(true);
  const trained = { ...atLeast, rounds };
  // So much is sent by several requests at once, at least for a while.
  if (trained.further !== undefined) expect(proxy.most).toBeGreaterThan(2);
  const [stored, ...others] = await storedRuns(url, run.runId);
  if (stored === undefined) throw new Error("no run");
  expect(others).toEqual([]);
  expect(stored.status).toBe("FINISHED");
  expectKnownRounds(stored, trained);
  const lines = memory.events.map((event) => fields(JSON.parse(stringifyEvent(event))));
  expectMetrics(stored, lines);
  expect(Object.fromEntries(stored.params)).toEqual({
    algorithm: "FedAvg",
    lr: "0.1",
    "net.depth": "3",
    prompt: expect.stringMatching(/^x{5900,}/),
    dataset: "mnist",
  });
  expect(stored.tags.get("team")).toBe("oncology");
  expect(JSON.parse(stored.tags.get("mlflow.loggedArtifacts") ?? "")).toEqual([
    { path: "dropouts.json", type: "table" },
  ]);
  const dropouts = JSON.parse((await artifactOf(url, stored.id, "dropouts.json")).toString());
  expect(dropouts.data).toHaveLength(Math.ceil(trained.rounds / 10));
  for (let round = 0; round < trained.rounds; round += 20) {
    const path = `checkpoints/round_${String(round).padStart(4, "0")}/w.bin`;
    expect((await artifactOf(url, stored.id, path)).equals(weights), path).toBe(true);
  }
  expect(JSON.parse((await artifactOf(url, stored.id, "config.json")).toString())).toMatchObject(config);
}

/** A run of which MLflow is told. */
function startRun(trackingUri: string, options: MlflowEmitterOptions = {}) {
  const emitter = mlflowEmitter({ trackingUri, ...options });
  const known = startKnownRun(emitter, (run, round) => logKnownRound(run, round, 3));
  return {
    ...known,
    /** Ends it, and checks that MLflow has all of it, once. */
    async expectAll(url: string): Promise<void> {
      expect(await known.run.finish({ timeoutMs: 300_000 })).toBe(true);
      const runs = await storedRuns(url, known.run.runId);
      expect(runs).toHaveLength(1);
      for (const stored of runs) expectKnownRounds(stored, { rounds: known.rounds(), clients: 3 });
    },
  };
}

test("a server that is not there yet, and that ends and comes back, has all of it in the end", async (context) => {
  const python = needMlflow(context);
  const port = await freePort();
  const known = startRun(`http://127.0.0.1:${port}`);
  known.logRound();
  await until("word of it", () =>
    known.said().includes(`MLflow at http://127.0.0.1:${port} can't be reached (ECONNREFUSED)`),
  );
  const first = await startMlflow(python, { port });
  await known.answered();
  await first.stop();
  known.logRound();
  const { url } = await first.restart();
  known.logRound();
  await known.expectAll(url);
});

// At once, since all wait for the half minute after which it asks again.
test("what only a person can mend is waited for: what was deleted, a name that is refused", async (context) => {
  const url = urlFor(context);
  await Promise.all([
    expectWaitForDeleted(url),
    expectSuccessor(url),
    expectWaitForExperiment(url),
    expectWaitForName(needMlflow(context)),
  ]);
});

/** A run that was deleted while the bridge runs is gone on with in the one to which all of it is sent again. */
async function expectSuccessor(url: string): Promise<void> {
  const runsDir = await temporaryFolder();
  const env = { MLFLOW_TRACKING_URI: url };
  const { grpc, program } = await startHivewatch({ runsDir, args: ["--emit", "mlflow"], env });
  const run = createRun({ emitters: [bridgeEmitter({ endpoint: grpc })] });
  logKnownRound(run, 0, 3);
  const deleted = await until("the run", async () => (await storedRuns(url, run.runId))[0]);
  await askMlflow(url, "runs/delete", { run_id: deleted.id });
  logKnownRound(run, 1, 3);
  await program.printed(/ was deleted in MLflow: restore it there .*hivewatch replay \S+ --to mlflow --again/);
  expect(
    await runCommand(["replay", run.runId, "--to", "mlflow", "--again", "--runs-dir", runsDir], env),
  ).toMatchObject({ code: 0 });
  logKnownRound(run, 2, 3);
  expect(await run.finish({ timeoutMs: 60_000 })).toBe(true);
  const stored = await until("its end", async () => {
    const runs = await storedRuns(url, run.runId);
    expect(runs).toHaveLength(1);
    return runs.find(({ status }) => status === "FINISHED");
  });
  expect(stored.id).not.toBe(deleted.id);
  expectKnownRounds(stored, { rounds: 3, clients: 3 });
}

/** A run that can't be made is waited for, with all that it has, until it can. */
async function expectWaitForExperiment(url: string): Promise<void> {
  const { experiment_id: id } = await askMlflow(url, "experiments/create", { name: "deleted" });
  await askMlflow(url, "experiments/delete", { experiment_id: id });
  vi.stubEnv("MLFLOW_EXPERIMENT_ID", String(id));
  const known = startRun(url);
  vi.unstubAllEnvs();
  const nameless = startRun(url, { experiment: "x".repeat(2000) });
  for (const { logRound, said } of [known, nameless]) {
    logRound();
    await until("word of it", () => said().includes("no run can be made in MLflow: MLflow at"));
  }
  expect(known.said()).toMatch(
    /must be in the 'active' state.*: check the experiment, the run to resume and its name;/,
  );
  expect(nameless.stats()).toMatchObject({ refused: 0 });
  expect(await nameless.run.finish({ timeoutMs: 0 })).toBe(false);
  await askMlflow(url, "experiments/restore", { experiment_id: id });
  await known.expectAll(url);
}

/** A run that was deleted in MLflow is waited for until it was restored. */
async function expectWaitForDeleted(url: string): Promise<void> {
  const known = startRun(url);
  known.logRound();
  await known.answered();
  const [stored] = await storedRuns(url, known.run.runId);
  await askMlflow(url, "runs/delete", { run_id: stored?.id });
  known.logRound();
  await until("word of it", () =>
    known.said().includes(`the run ${stored?.id} was deleted in MLflow: restore it there`),
  );
  await askMlflow(url, "runs/restore", { run_id: stored?.id });
  await known.expectAll(url);
}

/** A server that refuses the name under which it is called says what to do there. */
async function expectWaitForName(python: string): Promise<void> {
  const strict = await startMlflow(python, { args: ["--allowed-hosts", "mlflow.example.com"] });
  const known = startRun(strict.url);
  known.logRound();
  const hint = `takes no requests under that name (HTTP 403): start it with --allowed-hosts ${new URL(strict.url).host}`;
  await until("word of it", () => known.said().includes(hint));
  await strict.stop();
  const port = Number(new URL(strict.url).port);
  await startMlflow(python, { folder: strict.folder, port });
  await known.expectAll(strict.url);
}

const PASSWORD = "password-of-the-admin";

test("a server with TLS, passwords and workspaces wants the right ones, and shows none of them", async (context) => {
  const python = needMlflow(context);
  const certificate = await newCertificate("mlflow.test");
  // For this test's own requests; the emitter's are told by their own variables what to trust.
  vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
  onTestFinished(() => void vi.unstubAllEnvs());
  const { url } = await startMlflow(python, {
    certificate,
    args: ["--app-name", "basic-auth", "--enable-workspaces"],
    env: { MLFLOW_FLASK_SERVER_SECRET_KEY: "a secret of the test", MLFLOW_AUTH_ADMIN_PASSWORD: PASSWORD },
  });
  const withUser = (user: string): string => url.replace("//", `//${user}@`);
  const right = withUser(`admin:${encodeURIComponent(PASSWORD)}`);
  const wrong = "wants other credentials (HTTP 401): set MLFLOW_TRACKING_USERNAME";
  const stranger = async (trackingUri: string, word: string): Promise<void> => {
    const { run, said, logRound } = startRun(trackingUri);
    logRound();
    await until("word of it", () => said().includes(word));
    expect(said()).not.toContain("password-of");
    expect(await run.finish({ timeoutMs: 0 })).toBe(false);
  };
  await stranger(right, "its certificate is not trusted; MLFLOW_TRACKING_SERVER_CERT_PATH can name");
  vi.stubEnv("MLFLOW_TRACKING_INSECURE_TLS", "true");
  await stranger(withUser("admin:password-of-nobody"), wrong);
  vi.stubEnv("MLFLOW_TRACKING_INSECURE_TLS", undefined);
  vi.stubEnv("MLFLOW_TRACKING_SERVER_CERT_PATH", certificate.certPath);
  await stranger(withUser("admin:password-of-nobody"), wrong);
  vi.stubEnv("MLFLOW_WORKSPACE", "oncology");
  await stranger(right, "Check MLFLOW_WORKSPACE");

  const authorization = `Basic ${Buffer.from(`admin:${PASSWORD}`).toString("base64")}`;
  await askMlflow(url, "../../3.0/mlflow/workspaces", { name: "oncology" }, { authorization });
  const known = startRun(right);
  known.logRound();
  expect(await known.run.finish({ timeoutMs: 60_000 })).toBe(true);
  const runsIn = (workspace: string) =>
    storedRuns(url, known.run.runId, { authorization, "x-mlflow-workspace": workspace });
  const [stored] = await runsIn("oncology");
  if (stored === undefined) throw new Error("no run");
  expectKnownRounds(stored, { rounds: 1, clients: 3 });
  expect(await runsIn("default")).toEqual([]);

  // By the environment alone, and after it was wrong.
  const env = {
    MLFLOW_TRACKING_URI: url,
    MLFLOW_TRACKING_SERVER_CERT_PATH: certificate.certPath,
    MLFLOW_WORKSPACE: "oncology",
    MLFLOW_TRACKING_USERNAME: "admin",
    MLFLOW_TRACKING_PASSWORD: "password-of-nobody",
  };
  const up = { runsDir: await temporaryFolder(), args: ["--emit", "mlflow"] };
  const before = await startHivewatch({ ...up, env });
  const run = createRun({ emitters: [bridgeEmitter({ endpoint: before.grpc })] });
  logKnownRound(run, 0, 3);
  expect(await run.finish({ timeoutMs: 60_000 })).toBe(true);
  await before.program.printed(/wants other credentials \(HTTP 401\)/);
  await before.stop();
  await startHivewatch({ ...up, env: { ...env, MLFLOW_TRACKING_PASSWORD: PASSWORD } });
  const delivered = await until("the run", async () => {
    const found = await storedRuns(url, run.runId, { authorization, "x-mlflow-workspace": "oncology" });
    return found.find(({ status }) => status === "FINISHED");
  });
  expectKnownRounds(delivered, { rounds: 1, clients: 3 });
});

test("who is let in by a token shows it", async (context) => {
  const url = urlFor(context);
  const gate = await startForwarder(url, ({ headers }) => (headers.authorization === "Bearer t0ken" ? undefined : 401));
  const stranger = startRun(gate);
  await until("word of it", () => stranger.said().includes("wants other credentials (HTTP 401)"));
  expect(await stranger.run.finish({ timeoutMs: 0 })).toBe(false);
  vi.stubEnv("MLFLOW_TRACKING_TOKEN", "t0ken");
  const known = startRun(gate);
  vi.unstubAllEnvs();
  known.logRound();
  await known.expectAll(url);
});

test("a slow server holds nobody up; a replay to it says how far it is", async (context) => {
  const url = urlFor(context);
  const slow = await startForwarder(url, () => sleep(500, undefined));
  const env = { MLFLOW_TRACKING_URI: slow };
  const runsDir = await temporaryFolder();
  const hivewatch = await startHivewatch({ runsDir, args: ["--emit", "mlflow"], env });
  const run = createRun({ emitters: [bridgeEmitter({ endpoint: hivewatch.grpc })] });
  // So many that it takes more than one delivery, and says so, however far the bridge has come.
  const trained = { rounds: 200, clients: 10, further: 5 };
  for (let round = 0; round < trained.rounds; round++) {
    logKnownRound(run, round, trained.clients, trained.further);
    await until("room", () => run.stats.every(({ queued }) => queued < 5000));
  }
  expect(await run.finish({ timeoutMs: 60_000 })).toBe(true);
  // All of it is stored, and MLflow has not got as far.
  expect((await storedRuns(url, run.runId)).map(({ status }) => status)).not.toContain("FINISHED");
  await hivewatch.stop();
  const { code, stderr } = await runCommand(["replay", run.runId, "--to", "mlflow", "--runs-dir", runsDir], env);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^\d+ %: \d+ events of \S+ sent to mlflow$/m);
  const stored = await until("its end", async () => {
    const runs = await storedRuns(url, run.runId);
    expect(runs).toHaveLength(1);
    return runs.find(({ status }) => status === "FINISHED");
  });
  expectKnownRounds(stored, trained);
});

test("a server that takes requests and answers none is told of, and left when the run ends", async () => {
  vi.stubEnv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1");
  onTestFinished(() => void vi.unstubAllEnvs());
  const port = await listen(createServer((socket) => void socket.on("error", () => undefined)));
  const known = startRun(`http://127.0.0.1:${port}`);
  known.logRound();
  await until("word of it", () => known.said().includes("has not answered within 1 s"));
  expect(await known.run.finish({ timeoutMs: 10 })).toBe(false);
});

test("an address at which there is no MLflow is told of", async () => {
  const other = createHttpServer((_request, response) => void response.writeHead(404).end("<html>not here</html>"));
  const port = await listen(other);
  const known = startRun(`http://127.0.0.1:${port}/wrong/path`);
  await until("word of it", () => known.said().includes(`there is no MLflow at http://127.0.0.1:${port} (HTTP 404)`));
  await known.run.finish({ timeoutMs: 10 });
});

test("hivewatch is killed again and again, and MLflow restarted: all is there once", async (context) => {
  const python = needMlflow(context);
  const random = randomFrom(newSeed());
  let mlflow = await startMlflow(python);
  const env = { MLFLOW_TRACKING_URI: mlflow.url };
  let hivewatch = await startHivewatch({ runsDir: await temporaryFolder(), args: ["--emit", "mlflow"], env });
  const run = createRun({
    emitters: [bridgeEmitter({ endpoint: hivewatch.grpc })],
    maxQueue: Number.POSITIVE_INFINITY,
  });
  const trained = { rounds: soak(3, 40) * 20, clients: 5 };
  for (let round = 0; round < trained.rounds; round++) {
    logKnownRound(run, round, trained.clients);
    if (round % 20 !== 10) continue;
    await until(
      "some of it to be taken",
      async () => (await storedRuns(mlflow.url, run.runId).catch(() => [])).length > 0,
    );
    await sleep(random.below(300));
    await hivewatch.kill();
    hivewatch = await hivewatch.restart();
    if (round < 20) {
      await mlflow.stop();
      mlflow = await mlflow.restart();
    }
  }
  expect(await run.finish({ timeoutMs: 120_000 })).toBe(true);
  const stored = await until("its end", async () => {
    const runs = await storedRuns(mlflow.url, run.runId);
    expect(runs).toHaveLength(1);
    return runs.find(({ status }) => status === "FINISHED");
  });
  expectKnownRounds(stored, trained);
});

test("a replay that is cut again and again is all there in the end, once", async (context) => {
  const url = urlFor(context);
  const random = randomFrom(newSeed());
  const trained = { rounds: soak(200, 2000), clients: 10 };
  const runsDir = await temporaryFolder();
  const hivewatch = await startHivewatch({ runsDir });
  const run = createRun({
    emitters: [bridgeEmitter({ endpoint: hivewatch.grpc })],
    maxQueue: Number.POSITIVE_INFINITY,
  });
  for (let round = 0; round < trained.rounds; round++) logKnownRound(run, round, trained.clients);
  expect(await run.finish({ timeoutMs: 120_000 })).toBe(true);
  await hivewatch.stop();
  const flags = ["replay", run.runId, "--to", "mlflow", "--runs-dir", runsDir];
  // Not so quick that it could be over before it is cut.
  const slow = { MLFLOW_TRACKING_URI: await startForwarder(url, () => sleep(200, undefined)) };
  let cuts = 0;
  for (let time = 0; time < soak(2, 20); time++) {
    const replay = await startCommand(flags, slow);
    await until("some of it", async () => (await storedRuns(url, run.runId)).length > 0);
    await sleep(random.below(200));
    replay.signal(time % 2 === 0 ? "SIGINT" : "SIGKILL");
    const { code } = await replay.exited;
    if (code === 1)
      expect(replay.stderr()).toMatch(/Broken off after \d+ events\. The same command goes on from there\./);
    if (code !== 0) cuts++;
  }
  expect(cuts).toBeGreaterThan(0);
  expect(await runCommand(flags, { MLFLOW_TRACKING_URI: url })).toMatchObject({ code: 0 });
  const runs = await storedRuns(url, run.runId);
  expect(runs.map(({ status }) => status)).toEqual(["FINISHED"]);
  for (const stored of runs) expectKnownRounds(stored, trained);
});
