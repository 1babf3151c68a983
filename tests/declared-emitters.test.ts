import { join } from "node:path";
import {
  type Hivewatch,
  type Program,
  startHivewatch,
  temporaryFolder,
  type UpOptions,
  until,
} from "@hivewatch/test-support";
import { expect, type TestContext, test } from "vitest";
import { installEmitter } from "./support/emitter-package.ts";
import { readLines } from "./support/json.ts";
import { needFlower } from "./support/parts.ts";
import { startPythonClient } from "./support/python-client.ts";

const RUN = "run-declared-0001";

interface Place {
  readonly folder: string;
  up(options?: Partial<UpOptions>): Promise<Hivewatch>;
}

/** A folder for bridges, in which packages may be installed. */
async function place(): Promise<Place> {
  const folder = await temporaryFolder();
  return { folder, up: (options) => startHivewatch({ runsDir: join(folder, "runs"), cwd: folder, ...options }) };
}

/** Starts a training that declares emitters. */
function train(context: TestContext, endpoint: string, emitters: string, runId = RUN): Program {
  return startPythonClient(needFlower(context), "declare_emitters.py", endpoint, runId, emitters);
}

async function logRounds(client: Program, ...rounds: number[]): Promise<void> {
  for (const round of rounds) {
    client.say("go");
    await client.printed(new RegExp(`logged round ${round}$`, "m"));
  }
}

async function finish(client: Program): Promise<void> {
  client.say("finish");
  expect(await client.exited, client.stderr()).toEqual({ code: 0, signal: null });
  expect(client.stdout(), client.stderr()).toContain("durable: True");
}

function portOf(address: string): number {
  return Number(address.split(":").at(-1));
}

/** What a run comes to, in short. */
function wholeRun(rounds: number): string[] {
  const each = Array.from({ length: rounds }, (_, round) => [`client_update ${round}`, `round_end ${round}`]);
  return ["init", ...each.flat(), "finished"];
}

test("the bridge runs what a program declares, for its run alone, and says what is missing", async (context) => {
  const { folder, up } = await place();
  const mlflow = await installEmitter(folder, "mlflow");
  const hivewatch = await up();
  const declared =
    'MLflowEmitter("http://localhost:5000", experiment="e", tags={"n": 1}, mlflow_system_metrics=True), WandbEmitter("p"), GeoEmitter()';
  const client = train(context, hivewatch.grpc, declared);
  const other = train(context, hivewatch.grpc, "GeoEmitter(port=80)", "run-undeclared-0001");
  for (const each of [client, other]) {
    await logRounds(each, 0, 1);
    await finish(each);
  }
  await until("the whole run", async () => (await mlflow.delivered(RUN)).includes("finished"));
  expect(await mlflow.delivered(RUN)).toEqual(wholeRun(2));
  expect((await mlflow.made()).map(({ options }) => options)).toEqual([
    { trackingUri: "http://localhost:5000", experiment: "e", tags: { n: "1" }, systemMetrics: true },
  ]);
  expect(client.stderr()).toContain(`INFO HiveWatch, run ${RUN}: the bridge sends this run to MLflow`);
  expect(client.stderr()).toContain(
    `WARNING HiveWatch, run ${RUN}: the bridge doesn't send this run to W&B: the emitter wandb does not exist yet. Runs are kept, and hivewatch replay sends them there once it does`,
  );
  expect(other.stderr()).toMatch(/WARNING GeoEmitter: port: no meaning here/);
  expect(await hivewatch.stop()).toEqual({ code: 0, signal: null });
  const [init] = await readLines(join(hivewatch.runsDir, `${RUN}.jsonl`));
  expect(init?.emitters).toEqual([
    {
      name: "mlflow",
      options: {
        tracking_uri: "http://localhost:5000",
        experiment: "e",
        tags: { n: 1 },
        mlflow_system_metrics: true,
      },
    },
    { name: "wandb", options: { project: "p" } },
  ]);
});

test.for(["stop", "kill"] as const)(
  "after a %s the bridge goes on with what a run declared, and with a run that had ended",
  async (end, context) => {
    const { folder, up } = await place();
    const mlflow = await installEmitter(folder, "mlflow");
    const hivewatch = await up();
    const declared = 'MLflowEmitter(experiment="e")';
    const client = train(context, hivewatch.grpc, declared);
    await logRounds(client, 0, 1);
    await until("the first rounds", async () => (await mlflow.delivered(RUN)).includes("round_end 1"));
    await hivewatch[end]();

    // The next one can't deliver, so that a run ends that the one after it has to find.
    await installEmitter(folder, "mlflow", "return new Promise(() => {});");
    const stuck = await hivewatch.restart();
    const ended = train(context, stuck.grpc, declared, "run-ended-0001");
    await logRounds(ended, 0);
    await finish(ended);
    await logRounds(client, 2);
    await stuck[end]();

    await installEmitter(folder, "mlflow");
    const again = await hivewatch.restart();
    await until("the run that had ended", async () => (await mlflow.delivered("run-ended-0001")).includes("finished"));
    await finish(client);
    await until("the end", async () => (await mlflow.delivered(RUN)).includes("finished"));
    expect(await again.stop()).toEqual({ code: 0, signal: null });
    const took = await mlflow.delivered(RUN);
    // A kill may come between a delivery and the word of it.
    expect(end === "kill" ? [...new Set(took)] : took).toEqual(wholeRun(3));
    expect(await mlflow.delivered("run-ended-0001")).toEqual(wholeRun(1));
    for (const { options } of await mlflow.made()) expect(options).toEqual({ experiment: "e" });

    // With nothing left to do, there is nothing to start.
    const made = (await mlflow.made()).length;
    const last = await hivewatch.restart();
    await last.stop();
    expect(await mlflow.made()).toHaveLength(made);
  },
);

test("a bridge that sends all runs there sends none twice, whenever it is told to", async (context) => {
  const { folder, up } = await place();
  const mlflow = await installEmitter(folder, "mlflow");
  const first = await up({ args: ["--emit", "mlflow"] });
  const ports = { port: portOf(first.http), grpcPort: portOf(first.grpc) };
  const client = train(context, first.grpc, 'MLflowEmitter(experiment="e")');
  const other = train(context, first.grpc, "", "run-other-0001");
  await logRounds(client, 0);
  await logRounds(other, 0);
  await until("its round", async () => (await mlflow.delivered(RUN)).includes("round_end 0"));
  await until("the other's", async () => (await mlflow.delivered("run-other-0001")).includes("round_end 0"));
  await first.stop();
  const second = await up(ports);
  await logRounds(client, 1);
  await logRounds(other, 1);
  await until("its next round", async () => (await mlflow.delivered(RUN)).includes("round_end 1"));
  await second.stop();
  const third = await up({ ...ports, args: ["--emit", "mlflow"] });
  for (const each of [client, other]) await finish(each);
  await until("the end", async () => (await mlflow.delivered(RUN)).includes("finished"));
  await until("the other's", async () => (await mlflow.delivered("run-other-0001")).includes("finished"));
  await third.stop();
  expect(await mlflow.delivered(RUN)).toEqual(wholeRun(2));
  expect(await mlflow.delivered("run-other-0001")).toEqual(wholeRun(2));
  // Of the second bridge, which was not told to, the run alone that declared it.
  const made = (await mlflow.made()).map(({ options }) => options);
  expect(made.filter((options) => options.from === undefined)).toEqual([{ experiment: "e" }]);
  expect(client.stderr()).toContain(`WARNING HiveWatch, run ${RUN}: MLflow gets all runs of this bridge`);
});

test.for([
  ["it is told so", ["--no-client-emitters"]],
  ["others can reach it", ["--host", "0.0.0.0", "--insecure"]],
] as const)("a bridge runs no emitters of programs if %s, and the run goes on", async ([, args], context) => {
  const { folder, up } = await place();
  const mlflow = await installEmitter(folder, "mlflow");
  const hivewatch = await up({ args });
  const client = train(context, `127.0.0.1:${portOf(hivewatch.grpc)}`, "MLflowEmitter()");
  await logRounds(client, 0);
  await finish(client);
  expect(client.stderr()).toContain('start it with "hivewatch up --emit mlflow", or allow it by --client-emitters');
  await hivewatch.stop();
  expect(await mlflow.made()).toEqual([]);
  expect((await readLines(join(hivewatch.runsDir, `${RUN}.jsonl`))).length).toBe(4);
});

test("a bridge that others can reach runs them if it is told to", async (context) => {
  const { folder, up } = await place();
  const mlflow = await installEmitter(folder, "mlflow");
  const hivewatch = await up({ args: ["--host", "0.0.0.0", "--insecure", "--client-emitters"] });
  const client = train(context, `127.0.0.1:${portOf(hivewatch.grpc)}`, "MLflowEmitter()");
  await finish(client);
  await until("the run", async () => (await mlflow.delivered(RUN)).includes("finished"));
});

test("what opens the bridge's own MLflow is sent to no place that a run names", async (context) => {
  const { folder, up } = await place();
  const mlflow = await installEmitter(folder, "mlflow");
  const secrets = { MLFLOW_TRACKING_TOKEN: "t", MLFLOW_TRACKING_PASSWORD: "p" };
  const declared = 'MLflowEmitter("http://elsewhere:1")';
  const free = await up({ env: secrets });
  const first = train(context, free.grpc, declared);
  await finish(first);
  await until("the first run", async () => (await mlflow.delivered(RUN)).includes("finished"));
  await free.stop();
  const bound = await up({ env: { ...secrets, MLFLOW_TRACKING_URI: "http://mine:2" } });
  const second = train(context, bound.grpc, declared, "run-bound-0001");
  await finish(second);
  await until("the second run", async () => (await mlflow.delivered("run-bound-0001")).includes("finished"));
  expect(await mlflow.made()).toEqual([
    { options: { trackingUri: "http://elsewhere:1" }, env: {} },
    { options: {}, env: { ...secrets, MLFLOW_TRACKING_URI: "http://mine:2" } },
  ]);
  expect(first.stderr()).not.toContain("WARNING");
  expect(second.stderr()).toContain("MLflow: tracking_uri is left to MLFLOW_TRACKING_URI of the bridge");
});

test.for([
  [
    "fails",
    'throw new Error("no MLflow there");',
    /WARNING HiveWatch, run \S+: \[mlflow\] trying again: no MLflow there/,
  ],
  ["hangs", "return new Promise(() => {});", undefined],
  ["never yields", "for (;;);", undefined],
  [
    "brings its thread down",
    'return new Promise(() => setTimeout(() => { throw new Error("out of the blue"); }));',
    undefined,
  ],
] as const)("an emitter that %s harms neither the run nor the bridge", async ([, write, told], context) => {
  const { folder, up } = await place();
  await installEmitter(folder, "mlflow", write);
  const mlflow = await installEmitter(folder, "mlflow", write);
  const hivewatch = await up();
  const client = train(context, hivewatch.grpc, "MLflowEmitter()");
  await logRounds(client, 0, 1);
  await until("it to be made", async () => (await mlflow.made()).length > 0);
  if (told !== undefined) {
    for (let round = 2; !told.test(client.stderr()); round++) await logRounds(client, round);
    expect(client.stderr()).toContain(`run ${RUN}: [mlflow] sends to a server of its own: keep`);
  }
  await finish(client);
  expect(await hivewatch.stop()).toEqual({ code: 0, signal: null });
  const events = await readLines(join(hivewatch.runsDir, `${RUN}.jsonl`));
  expect(events.at(-1)?.event_type).toBe("finished");

  await installEmitter(folder, "mlflow");
  await hivewatch.restart();
  await until("the run's end", async () => (await mlflow.delivered(RUN)).includes("finished"));
});

test("one that can't be made for a run is told of, and others are", async (context) => {
  const { folder, up } = await place();
  const mlflow = await installEmitter(folder, "mlflow");
  const hivewatch = await up();
  const client = train(context, hivewatch.grpc, 'MLflowEmitter(experiment="unknown")');
  const told = new RegExp(`WARNING HiveWatch, run ${RUN}: .*can't deliver run ${RUN}: there is no such experiment`);
  for (let round = 0; !told.test(client.stderr()); round++) await logRounds(client, round);
  // So short that it is over before the bridge has acted on its beginning.
  for (const runId of ["run-next-0001", "run-next-0002", "run-next-0003"]) {
    await finish(train(context, hivewatch.grpc, "MLflowEmitter()", runId));
    await until("the next run", async () => (await mlflow.delivered(runId)).includes("finished"));
  }
  await finish(client);
  expect(await hivewatch.stop()).toEqual({ code: 0, signal: null });
});

test("one that can't be loaded is told of, and tried again with the next run", async (context) => {
  const { folder, up } = await place();
  const mlflow = await installEmitter(folder, "mlflow", "syntax error");
  const hivewatch = await up();
  const client = train(context, hivewatch.grpc, "MLflowEmitter()");
  for (let round = 0; !/the emitter mlflow can't be loaded/.test(client.stderr()); round++)
    await logRounds(client, round);
  await installEmitter(folder, "mlflow");
  const next = train(context, hivewatch.grpc, "MLflowEmitter()", "run-next-0001");
  await finish(next);
  await until("the next run", async () => (await mlflow.delivered("run-next-0001")).includes("finished"));
  await finish(client);
  expect(await hivewatch.stop()).toEqual({ code: 0, signal: null });
});
