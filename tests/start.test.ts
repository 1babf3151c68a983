import { join } from "node:path";
import { eventually, list, startHivewatch, startMap, temporaryFolder } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { expectQuiet, openPage } from "./support/browser.ts";
import { fetchJson, readJson, readLines } from "./support/json.ts";
import { needChromium } from "./support/parts.ts";
import { connection, figures, rowOf, runStatus, shownClients } from "./support/viewer.ts";

// `npm start` installs, builds, and runs this.
test("the demo plays live on the page, and Ctrl-C ends it in good order", async (context) => {
  const chromium = needChromium(context);
  const runsDir = await temporaryFolder();
  const hivewatch = await startHivewatch({ runsDir, args: ["--demo"] });
  const opened = await openPage(chromium, hivewatch.http);
  const { page } = opened;

  await page.getByTestId("demo-badge").waitFor();
  await eventually(async () => {
    expect(await connection(page)).toBe("live");
    expect(await runStatus(page)).toBe("running");
    expect((await shownClients(page)).length).toBeGreaterThan(1);
  });
  const { round: first = Number.NaN } = await figures(page);
  await eventually(async () => {
    const { round, accuracy, completed } = await figures(page);
    expect(round).toBeGreaterThan(first);
    expect(accuracy).toBeGreaterThan(0);
    expect(completed).toBeGreaterThan(0);
  });
  // Rows change their places while clients report.
  await eventually(async () => {
    const [client = ""] = await shownClients(page);
    expect(await rowOf(page, client).isVisible()).toBe(true);
  });
  expectQuiet(opened);

  expect(await hivewatch.stop()).toEqual({ code: 0, signal: null });
  // Whether the page still hears that the run is over depends on who is quicker.
  await eventually(async () => expect(["finished", "reconnecting"]).toContain(await connection(page)));

  // What is left in the folder can be looked at afterwards.
  const url = await startMap(runsDir);
  const [run, ...others] = list(await fetchJson(`${url}/runs`));
  expect(others).toEqual([]);
  expect(run).toMatchObject({ status: "aborted", algorithm: "FedAvg", has_metadata: true });
  const file = join(runsDir, String(run?.run_id));
  expect((await readLines(`${file}.jsonl`)).at(-1)).toMatchObject({ event_type: "finished", status: "aborted" });
  expect(list((await readJson(`${file}.map.json`)).rounds).length).toBeGreaterThan(1);
});
