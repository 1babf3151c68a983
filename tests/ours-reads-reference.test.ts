import { cp } from "node:fs/promises";
import { join } from "node:path";
import { numberFromJson } from "@hivewatch/core";
import {
  eventually,
  type Fields,
  fields,
  inRepository,
  list,
  startMap,
  temporaryFolder,
} from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { expectQuiet, openPage } from "./support/browser.ts";
import { fetchJson, readJson, readLines } from "./support/json.ts";
import { needChromium, needReference } from "./support/parts.ts";
import { saveRun, startStepwiseRun } from "./support/reference.ts";
import { clientRow, connection, figures, incidents, runStatus, shownClients, showRound } from "./support/viewer.ts";

const RUN_ID = "run-saved-0001";
const RECORDED = inRepository("tests/fixtures/python-hivewatch-0.2.1");

test("a run that Python hivewatch saved has the same data over our HTTP interface", async (context) => {
  const folder = await temporaryFolder();
  await saveRun(needReference(context), folder);
  await expectSameData(folder);
});

test("so has one that its version 0.2.1 saved", async () => {
  await expectSameData(await copyOfRecorded());
});

test("our viewer shows a run that Python hivewatch saved", async (context) => {
  const chromium = needChromium(context);
  const folder = await temporaryFolder();
  await saveRun(needReference(context), folder);
  await expectSameOnPage(chromium, folder);
});

test("our viewer shows a run that its version 0.2.1 saved", async (context) => {
  await expectSameOnPage(needChromium(context), await copyOfRecorded());
});

test("our viewer follows a run that Python hivewatch is writing", async (context) => {
  const chromium = needChromium(context);
  const folder = await temporaryFolder();
  const writer = startStepwiseRun(needReference(context), folder);
  const opened = await openPage(chromium, await startMap(folder, "--poll-interval", "0.1"));
  for (const round of [0, 1, 2]) {
    writer.say("go on");
    await eventually(async () => {
      expect(await connection(opened.page)).toBe("live");
      expect(await figures(opened.page)).toMatchObject({ round, accuracy: round / 10, completed: 1 });
      expect(await incidents(opened.page)).toHaveLength(round + 1);
    });
    expect(await clientRow(opened.page, "paris")).toMatchObject({ local_loss: 1 / (round + 1) });
  }
  writer.say("finish");
  await eventually(async () => expect(await runStatus(opened.page)).toBe("completed"));
  expect(await incidents(opened.page)).toEqual(["dropout tokyo 2", "dropout tokyo 1", "dropout tokyo 0"]);
  expectQuiet(opened);
});

/** In a copy: what is committed is not to be written to. */
async function copyOfRecorded(): Promise<string> {
  const folder = await temporaryFolder();
  await cp(RECORDED, folder, { recursive: true });
  return folder;
}

async function expectSameData(folder: string): Promise<void> {
  const lines = await readLines(join(folder, `${RUN_ID}.jsonl`));
  const map = await readJson(join(folder, `${RUN_ID}.map.json`));
  const url = await startMap(folder);

  expect(await fetchJson(`${url}/runs`)).toEqual([
    expect.objectContaining({
      run_id: RUN_ID,
      algorithm: "FedProx",
      started_at: map.started_at,
      num_events: lines.length,
      file: `${RUN_ID}.jsonl`,
      metadata_file: `${RUN_ID}.map.json`,
      has_metadata: true,
      status: "completed",
      num_rounds: 4,
      num_clients: 4,
    }),
  ]);
  expect(await fetchJson(`${url}/runs/${RUN_ID}/metadata`)).toEqual({
    ...map,
    rounds: list(map.rounds).map(withBothNames),
  });
  // Field by field, since we may add some.
  const events = list(await fetchJson(`${url}/runs/${RUN_ID}/events`));
  expect(events).toHaveLength(lines.length);
  for (const [i, line] of lines.entries()) expect(events[i]).toMatchObject(withNewName(line));
}

/** Until 0.3.0 the figure had another name. */
function withNewName(line: Fields): Fields {
  if (line.event_type !== "round_end") return line;
  const { gradient_divergence: dispersion = null, ...metrics } = fields(line.round_metrics);
  return { ...line, round_metrics: { gradient_norm_dispersion: dispersion, ...metrics } };
}

/** In map files we write it under both. */
function withBothNames(round: Fields): Fields {
  const dispersion = round.dispersion ?? round.divergence ?? null;
  return { ...round, dispersion, divergence: dispersion };
}

async function expectSameOnPage(chromium: string, folder: string): Promise<void> {
  const map = await readJson(join(folder, `${RUN_ID}.map.json`));
  const { page, problems } = await openPage(chromium, `${await startMap(folder)}/?run_id=${RUN_ID}`);
  await page.getByTestId("run-status").and(page.locator('[data-status="completed"]')).waitFor();

  const rounds = list(map.rounds);
  for (const [index, round] of rounds.entries()) {
    await showRound(page, index);
    await eventually(async () => {
      expect(await figures(page)).toMatchObject({
        round: round.round,
        accuracy: numberFromJson(round.globalAcc),
        loss: numberFromJson(round.globalLoss),
      });
    });
    for (const client of list(round.clients).map(fields)) {
      const row = await clientRow(page, String(client.client_id));
      for (const name of ["local_accuracy", "local_loss", "num_samples", "train_time_sec", "bytes_sent"]) {
        expect(row[name], `${name} of ${client.client_id} in round ${round.round}`).toEqual(
          numberFromJson(client[name]),
        );
      }
    }
  }
  expect(await shownClients(page)).toEqual(["client-lima", "client-nowhere", "client-paris", "client-東京"]);
  expect(await page.getByTestId("unlocated-count").getAttribute("data-value")).toBe("2");
  expect(problems).toEqual([]);
}
