import { join } from "node:path";
import { startHivewatch, temporaryFolder, until } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { readLines } from "./support/json.ts";
import { serverOfFile, storedRuns } from "./support/mlflow.ts";
import { needFlower } from "./support/parts.ts";
import { startPythonClient } from "./support/python-client.ts";

const RUN = "run-declared-0001";
const urlFor = serverOfFile();

test("what a Python program declares with MLflowEmitter is in MLflow, as it says", async (context) => {
  const url = urlFor(context);
  const python = needFlower(context);
  const runsDir = join(await temporaryFolder(), "runs");
  const hivewatch = await startHivewatch({ runsDir });
  const declared = `MLflowEmitter("${url}", experiment="clinics", run_name="the first", tags={"team": "a"}, log_per_client=False)`;
  const client = startPythonClient(python, "declare_emitters.py", hivewatch.grpc, RUN, declared);
  for (const round of [0, 1]) {
    client.say("go");
    await client.printed(new RegExp(`logged round ${round}$`, "m"));
  }
  client.say("finish");
  expect(await client.exited, client.stderr()).toEqual({ code: 0, signal: null });
  expect(client.stderr()).toContain(`INFO HiveWatch, run ${RUN}: the bridge sends this run to MLflow`);
  const run = await until("the run in MLflow, with its end", async () => {
    const runs = await storedRuns(url, RUN);
    expect(runs.length).toBeLessThan(2);
    return runs.find(({ status }) => status !== "RUNNING");
  });
  expect(run).toMatchObject({ name: "the first", status: "FINISHED" });
  expect(run.tags.get("team")).toBe("a");
  const rounds = [...run.metrics.values()].flat().map(({ step }) => step);
  expect(new Set(rounds)).toEqual(new Set([0, 1]));
  expect([...run.metrics.keys()].filter((name) => name.includes("local_loss"))).toEqual([]);
  // The files are another thread's work.
  expect(await hivewatch.stop()).toEqual({ code: 0, signal: null });
  const [init] = await readLines(join(runsDir, `${RUN}.jsonl`));
  expect(init?.emitters).toMatchObject([{ name: "mlflow", options: { experiment: "clinics" } }]);
});
