// Logs runs with emitters that start an MLflow server on this machine, in the current folder: one for its run alone, then one
// until this process ends, with its input. Prints the id of each run, and whether the page is there after its end.
import { createRun } from "@hivewatch/core";
import { mlflowEmitter } from "@hivewatch/emitter-mlflow";

let page = "";
const say = console.error;
console.error = (message) => {
  page = /MLflow's page is at (\S+),/.exec(message)?.[1] ?? page;
  say(message);
};

for (const startServer of [true, "keep"]) {
  const run = createRun({ emitters: [mlflowEmitter({ startServer })], onDiagnostic: say });
  run.logRound(1, { global_loss: 0.5 });
  const isComplete = await run.finish({ timeoutMs: 240_000 });
  const isUp = await fetch(page).then(
    ({ ok }) => ok,
    () => false,
  );
  console.log(JSON.stringify({ startServer, runId: run.runId, isComplete, page, isUp }));
}
for await (const _ of process.stdin);
process.exit();
