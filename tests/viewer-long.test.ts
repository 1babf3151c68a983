import { eventually, startHivewatch, temporaryFolder } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { expectQuiet, openPage } from "./support/browser.ts";
import { needChromium } from "./support/parts.ts";
import { startTraining } from "./support/training.ts";
import { clientRow, connection, figures, runStatus } from "./support/viewer.ts";

const RUN_ID = "run-long-0001";
const ROUNDS = 5_500;
const CLIENTS = ["paris", "tokyo", "lima"];

/** Waits for the bridge after so many rounds, so that nothing is dropped on the way. */
const GROUP = 250;

test("a page that has followed thousands of rounds tells each of them right", async (context) => {
  const chromium = needChromium(context);
  const hivewatch = await startHivewatch({ runsDir: await temporaryFolder() });
  const run = startTraining(hivewatch.grpc, { runId: RUN_ID });
  run.roundStart(1, CLIENTS);
  const opened = await openPage(chromium, `${hivewatch.http}/?run_id=${RUN_ID}`);
  await eventually(async () => expect(await connection(opened.page)).toBe("live"));

  for (let round = 1; round <= ROUNDS; round++) {
    if (round > 1) run.roundStart(round, CLIENTS);
    for (const [i, id] of CLIENTS.entries()) run.logClientUpdate(id, { round, local_loss: lossOf(round, i) });
    run.logRound(round, { global_accuracy: accuracyOf(round) });
    if (round % GROUP === 0) await run.stored();
  }
  await eventually(async () => expect(await figures(opened.page)).toMatchObject(expected(ROUNDS)));
  await run.finish();
  await eventually(async () => expect(await runStatus(opened.page)).toBe("completed"));

  for (const round of [1, 2, 1_234, ROUNDS - 1]) {
    const hash = JSON.stringify(`#round=${round}`);
    await opened.page.evaluate(`history.replaceState(null, "", ${hash}); dispatchEvent(new PopStateEvent("popstate"))`);
    await eventually(async () => {
      expect(await figures(opened.page)).toMatchObject(expected(round));
      for (const [i, id] of CLIENTS.entries()) {
        expect(await clientRow(opened.page, id)).toMatchObject({ local_loss: lossOf(round, i) });
      }
    });
  }
  expectQuiet(opened);
});

function expected(round: number): Record<string, number> {
  return { round, accuracy: accuracyOf(round), selected: CLIENTS.length, completed: CLIENTS.length };
}

function accuracyOf(round: number): number {
  return round / (round + 100);
}

function lossOf(round: number, client: number): number {
  return 1 / round + client;
}
