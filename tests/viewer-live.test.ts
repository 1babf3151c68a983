import { eventually, startHivewatch, startMap, temporaryFolder } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { expectQuiet, openPage } from "./support/browser.ts";
import { needChromium } from "./support/parts.ts";
import { startTraining, type Training } from "./support/training.ts";
import {
  connection,
  figures,
  incidents,
  mapPixels,
  rowOf,
  type ShownRun,
  shownRun,
  showRound,
} from "./support/viewer.ts";
import { expectNoOverflow } from "./support/walk-page.ts";

const RUN_ID = "run-live-0001";

test("a page opened before, during or after a run tells the same", async (context) => {
  const chromium = needChromium(context);
  const hivewatch = await startHivewatch({ runsDir: await temporaryFolder() });
  const url = `${hivewatch.http}/?run_id=${RUN_ID}`;

  const before = await openPage(chromium, url);
  await eventually(async () => expect(await connection(before.page)).toBe("waiting"));

  const run = startTraining(hivewatch.grpc, { runId: RUN_ID });
  beginFirstRound(run);
  await eventually(async () => {
    expect(await connection(before.page)).toBe("live");
    expect(await figures(before.page)).toMatchObject({ round: 1, selected: 3, completed: 1 });
    expect(await rowOf(before.page, "paris").getAttribute("data-status")).toBe("active");
    expect(await rowOf(before.page, "tokyo").getAttribute("data-status")).toBe("waiting");
  });

  const during = await openPage(chromium, url);
  await eventually(async () => expect(await figures(during.page)).toEqual(await figures(before.page)));
  loseTokyo(run);
  endFirstRound(run);
  await eventually(async () => expect(await incidents(during.page)).toHaveLength(2));
  playSecondRound(run);
  await run.finish();
  const after = await openPage(chromium, url);

  for (const opened of [before, during, after]) {
    await eventually(async () => expect(await connection(opened.page)).toBe("finished"));
    expect(await shownRun(opened.page)).toEqual(TRUTH);
    expectQuiet(opened);
  }

  // A link to a client asks for its history before any round has been read.
  const linked = await openPage(chromium, `${url}#client=tokyo`);
  await eventually(async () => {
    const trouble = linked.page.getByTestId("client-panel").getByTestId("finding");
    expect(await trouble.evaluateAll((items) => items.map((item) => item.getAttribute("data-kind")))).toEqual([
      "dropout",
    ]);
  });
  expectQuiet(linked);
});

test("a page whose server dies says so, and goes on with nothing lost or doubled", async (context) => {
  const chromium = needChromium(context);
  const hivewatch = await startHivewatch({ runsDir: await temporaryFolder() });
  const { page, problems } = await openPage(chromium, `${hivewatch.http}/?run_id=${RUN_ID}`);
  const run = startTraining(hivewatch.grpc, { runId: RUN_ID });
  beginFirstRound(run);
  loseTokyo(run);
  await eventually(async () => expect(await incidents(page)).toEqual(["dropout tokyo 1"]));

  await hivewatch.kill();
  await eventually(async () => expect(await connection(page)).toBe("reconnecting"));
  expect(await page.getByTestId("connection").textContent()).toContain("reconnecting");
  expect(await figures(page)).toMatchObject({ round: 1, completed: 1 });
  // The training goes on meanwhile.
  endFirstRound(run);

  const again = await hivewatch.restart();
  expect(again.http).toBe(hivewatch.http);
  await eventually(async () => {
    expect(await connection(page)).toBe("live");
    expect(await incidents(page)).toHaveLength(2);
  });
  playSecondRound(run);
  await run.finish();
  await eventually(async () => expect(await connection(page)).toBe("finished"));
  expect(await shownRun(page)).toEqual(TRUTH);
  expect(problems.filter((problem) => !problem.includes("Failed to load resource: net::ERR_"))).toEqual([]);
});

test("a map that followed the run is that of one opened at its end", async (context) => {
  const chromium = needChromium(context);
  const hivewatch = await startHivewatch({ runsDir: await temporaryFolder() });
  const url = `${hivewatch.http}/?run_id=${RUN_ID}`;
  const run = startTraining(hivewatch.grpc, { runId: RUN_ID });
  const during = await openPage(chromium, url);
  run.setServerMetadata({ lat: 50.11, lng: 8.68 });
  for (const [round, bytes] of [0, 5e6, 1e6, 9e6].entries()) {
    run.logClientUpdate("paris", { round, lat: 48.85, lng: 2.35, bytes_sent: bytes });
    run.logClientUpdate("tokyo", { round, lat: 35.68, lng: 139.69, bytes_sent: 4e6 });
    run.logRound(round);
    await eventually(async () => expect(await figures(during.page)).toMatchObject({ round, completed: 2 }));
  }
  await run.finish();
  const after = await openPage(chromium, url);
  for (const { page } of [during, after]) await eventually(async () => expect(await connection(page)).toBe("finished"));
  // A round is told before it is drawn.
  let drawn: string[] = [];
  await eventually(async () => {
    drawn = await mapPixels(after.page);
    expect(await mapPixels(during.page)).toEqual(drawn);
  });
  for (const { page } of [during, after]) await showRound(page, 0);
  await eventually(async () => {
    const first = await mapPixels(after.page);
    expect(first).not.toEqual(drawn);
    expect(await mapPixels(during.page)).toEqual(first);
  });
  for (const opened of [during, after]) expectQuiet(opened);
});

test("another server on the same folder shows the run live, too", async (context) => {
  const chromium = needChromium(context);
  const hivewatch = await startHivewatch({ runsDir: await temporaryFolder() });
  const opened = await openPage(chromium, await startMap(hivewatch.runsDir, "--poll-interval", "0.1"));
  const run = startTraining(hivewatch.grpc, { runId: RUN_ID });
  beginFirstRound(run);
  await eventually(async () => {
    expect(await connection(opened.page)).toBe("live");
    expect(await figures(opened.page)).toMatchObject({ round: 1, selected: 3, completed: 1 });
  });
  loseTokyo(run);
  endFirstRound(run);
  playSecondRound(run);
  await run.finish();
  await eventually(async () => expect(await connection(opened.page)).toBe("finished"));
  expect(await shownRun(opened.page)).toEqual(TRUTH);
  expectQuiet(opened);
});

test("more pages of finished runs can be open than a browser opens connections, and one sees its run go on", async (context) => {
  const hivewatch = await startHivewatch({ runsDir: await temporaryFolder() });
  const run = startTraining(hivewatch.grpc, { runId: RUN_ID });
  run.logRound(1, { global_accuracy: 0.25 });
  await run.finish();
  const url = `${hivewatch.http}/?run_id=${RUN_ID}`;
  const opened = await openPage(needChromium(context), url);
  const pages = [opened.page];
  while (pages.length < 8) pages.push(await opened.page.context().newPage());
  for (const page of pages) {
    await page.goto(url);
    await eventually(async () => expect(await figures(page)).toMatchObject({ round: 1, accuracy: 0.25 }));
    await eventually(async () => expect(await connection(page)).toBe("finished"));
  }

  const last = pages.pop() ?? opened.page;
  // While the run goes on, each page needs a connection of its own.
  for (const page of pages) await page.close();
  const again = startTraining(hivewatch.grpc, { runId: RUN_ID });
  again.logRound(2, { global_accuracy: 0.75 });
  await again.stored();
  await eventually(async () => {
    expect(await connection(last)).toBe("live");
    expect(await figures(last)).toMatchObject({ round: 2, accuracy: 0.75 });
  });
  await again.finish();
  await eventually(async () => expect(await connection(last)).toBe("finished"));
  expect((await shownRun(last)).rounds.map(({ round }) => round)).toEqual([1, 2]);
  expectQuiet({ ...opened, page: last });
});

test("a page that is told to load the run anew forgets what it had", async (context) => {
  const chromium = needChromium(context);
  const hivewatch = await startHivewatch({ runsDir: await temporaryFolder() });
  const run = startTraining(hivewatch.grpc, { runId: RUN_ID });
  for (const round of [1, 2]) run.logRound(round, { global_accuracy: round / 4 });
  await run.finish();
  // What a server says that has found the page too slow. Its id is one that the server of the test has nothing behind.
  const told = {
    event_type: "round_end",
    run_id: RUN_ID,
    timestamp: "2026-11-23T07:43:20+00:00",
    round: 9,
    clients: [],
  };
  const body = [
    `data: ${JSON.stringify([{ event_type: "connected" }])}`,
    `id: 1000\ndata: ${JSON.stringify([{ ...told, round_metrics: { global_accuracy: 0.5 } }])}`,
    `data: ${JSON.stringify([{ event_type: "reload", run_id: RUN_ID, position: 1000, reason: "stalled" }])}`,
  ];
  const opened = await openPage(chromium, `${hivewatch.http}/?run_id=${RUN_ID}`, {
    prepare: async (browser) => {
      await browser.route(
        "**/stream?*",
        (route) => route.fulfill({ contentType: "text/event-stream", body: `${body.join("\n\n")}\n\n` }),
        { times: 1 },
      );
    },
  });
  await eventually(async () => expect(await connection(opened.page)).toBe("finished"));
  expect((await shownRun(opened.page)).rounds.map(({ round }) => round)).toEqual([1, 2]);
  expectQuiet(opened);
});

test("a run of which no place is known is shown all the same", async (context) => {
  const hivewatch = await startHivewatch({ runsDir: await temporaryFolder() });
  const opened = await openPage(needChromium(context), hivewatch.http);
  const run = startTraining(hivewatch.grpc, { runId: RUN_ID });
  for (const id of ["a", "b"]) run.logClientUpdate(id, { round: 0, local_accuracy: 0.5 });
  run.logRound(0, { global_accuracy: 0.5 });
  await run.finish();

  const { page } = opened;
  await page.locator('[data-testid="run-status"][data-status="completed"]').waitFor();
  expect(await figures(page)).toMatchObject({ round: 0, accuracy: 0.5, selected: 2, completed: 2 });
  await page.locator('[data-testid="map-canvas"][data-layout="grid"]').waitFor();
  expect(await page.getByTestId("server-place").textContent()).toContain("unknown");
  expectQuiet(opened);
});

test("what clients call themselves never becomes markup", async (context) => {
  const hostile = `"'><img src=x onerror="alert(1)"><script>alert(2)</script>{{7*7}}`;
  const hivewatch = await startHivewatch({ runsDir: await temporaryFolder() });
  const run = startTraining(hivewatch.grpc, { runId: RUN_ID, algorithm: hostile, config: { [hostile]: hostile } });
  run.setServerMetadata({ lat: 1, lng: 2, city: hostile, country: hostile, org: hostile });
  run.roundStart(1, [hostile, "silent"]);
  run.logClientUpdate(hostile, { round: 1, lat: 3, lng: 4, city: hostile, country: hostile, [hostile]: hostile });
  run.logClientUpdate("odd", { round: 1, local_loss: Number.NaN, status: hostile });
  run.logDropout(1, hostile, hostile);
  run.logCheckpoint(1, hostile, { [hostile]: hostile });
  run.logRound(1, { global_accuracy: 1, global_source: hostile, algorithm_metadata: { [hostile]: hostile } });
  await run.finish({ status: "failed", reason: hostile });

  const opened = await openPage(needChromium(context), `${hivewatch.http}/?run_id=${RUN_ID}`);
  const { page } = opened;
  await rowOf(page, hostile).getByRole("button").click();
  await page.getByTestId("client-panel").waitFor();
  expect(await page.getByTestId("client-panel").textContent()).toContain(hostile);
  await page.getByTestId("run-picker").click();
  await page.getByTestId("run-item").waitFor();
  expect(await page.getByTestId("run-item").textContent()).toContain(hostile);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await page.getByTestId("map-canvas").focus();
  await page.keyboard.press("ArrowDown");
  await page.getByTestId("finding").first().click();
  expect(await page.getByTestId("finding").first().textContent()).toContain(hostile);

  expect(await page.locator("img, #app script, [onerror]").count()).toBe(0);
  expectQuiet(opened);
});

test("the scrubber goes to any round, and a replay plays through them all", async (context) => {
  const hivewatch = await startHivewatch({ runsDir: await temporaryFolder() });
  const run = startTraining(hivewatch.grpc, { runId: RUN_ID });
  for (const round of [0, 2, 3, 7]) {
    run.logClientUpdate("a", { round, local_accuracy: round / 10 });
    run.logRound(round, { global_accuracy: round / 10 });
  }
  await run.finish();
  // Slow, since a replay goes by the time that passes: where no picture can be drawn for long, rounds are passed over.
  const opened = await openPage(needChromium(context), `${hivewatch.http}/?run_id=${RUN_ID}#speed=0.5`);
  const { page } = opened;
  await eventually(async () => expect(await figures(page)).toMatchObject({ round: 7, accuracy: 0.7 }));
  expect(
    (await shownRun(page)).rounds.map(({ round, accuracy, rows }) => [round, accuracy, rows.a?.local_accuracy]),
  ).toEqual([
    [0, 0, 0],
    [2, 0.2, 0.2],
    [3, 0.3, 0.3],
    [7, 0.7, 0.7],
  ]);

  await page.evaluate(`
    window.seen = [];
    new MutationObserver(() => {
      const round = document.querySelector('[data-testid="round-number"]').dataset.value;
      if (window.seen.at(-1) !== round) window.seen.push(round);
    }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
  `);
  await page.getByTestId("play").click();
  // The last round is on the page until the first one is.
  const seen = (): Promise<unknown> => page.evaluate("window.seen.slice(window.seen.indexOf('0'))");
  await eventually(async () => expect(await seen()).toEqual(["0", "2", "3", "7"]));
  expectQuiet(opened);
});

test("a link opens its run and round, and the list leads to the others", async (context) => {
  const hivewatch = await startHivewatch({ runsDir: await temporaryFolder() });
  for (const runId of ["run-old", "run-new"]) {
    const run = startTraining(hivewatch.grpc, { runId });
    for (const round of [1, 2]) run.logRound(round, { global_accuracy: round / 10 });
    await run.finish();
  }
  const opened = await openPage(needChromium(context), `${hivewatch.http}/?run_id=run-old#round=1`);
  const { page } = opened;
  await eventually(async () => expect(await figures(page)).toMatchObject({ round: 1, accuracy: 0.1 }));
  await page.getByTestId("run-picker").click();
  expect(await page.locator('[data-testid="run-item"][aria-current="true"]').getAttribute("data-run-id")).toBe(
    "run-old",
  );
  await page.locator('[data-testid="run-item"][data-run-id="run-new"]').click();
  await eventually(async () => {
    expect(new URL(page.url()).searchParams.get("run_id")).toBe("run-new");
    expect(await figures(page)).toMatchObject({ round: 2, accuracy: 0.2 });
  });
  await page.reload();
  await eventually(async () => expect(await page.getByTestId("run-picker").textContent()).toContain("run-new"));
  expectQuiet(opened);
});

test("nothing sticks out of a page of 360 pixels", async (context) => {
  const hivewatch = await startHivewatch({ runsDir: await temporaryFolder() });
  const run = startTraining(hivewatch.grpc, { runId: `run-${"with-a-long-name-".repeat(7)}`, config: { demo: true } });
  beginFirstRound(run);
  run.logClientUpdate(`client-${"with-a-long-name-".repeat(14)}`, { round: 1, local_loss: 1e300, num_samples: 1e15 });
  endFirstRound(run);
  playSecondRound(run);
  await run.finish();
  const viewport = { width: 360, height: 740 };
  const opened = await openPage(needChromium(context), hivewatch.http, { viewport });
  const { page } = opened;
  await eventually(async () => expect(await figures(page)).toMatchObject({ round: 2 }));
  await expectNoOverflow(page, "map");
  await page.getByTestId("view-clients").click();
  await page.getByTestId("client-row").first().getByRole("button").click();
  await page.getByTestId("client-panel").waitFor();
  await expectNoOverflow(page, "client");
  expectQuiet(opened);
});

function beginFirstRound(run: Training): void {
  run.setServerMetadata({ lat: 50.11, lng: 8.68, city: "Frankfurt", country: "DE" });
  run.roundStart(1, ["paris", "tokyo", "nowhere"]);
  run.logClientUpdate("paris", {
    round: 1,
    base_round: 0,
    local_accuracy: 0.5125,
    local_loss: 1.25,
    num_samples: 1200,
    train_time_sec: 32.322,
    bytes_sent: 4_801_485,
    bytes_received: 4_800_000,
    lat: 48.85,
    lng: 2.35,
    city: "Paris",
    country: "FR",
  });
}

function loseTokyo(run: Training): void {
  run.logDropout(1, "tokyo", "out of memory");
}

function endFirstRound(run: Training): void {
  run.logCommFailure(1, "nowhere", "deadline exceeded");
  run.logRound(1, { global_accuracy: 0.5, global_loss: 1.125 });
}

function playSecondRound(run: Training): void {
  run.roundStart(2, ["paris", "tokyo"]);
  run.logClientUpdate("paris", { round: 2, local_loss: Number.NaN, local_accuracy: Number.NEGATIVE_INFINITY });
  run.logClientUpdate("tokyo", { round: 2, base_round: 0, local_accuracy: 0.625, lat: 35.68, lng: 139.69 });
  run.logRound(2, { global_accuracy: 0.625, global_loss: Number.NaN });
}

/** What a page has to say of the two rounds. */
const TRUTH: ShownRun = {
  status: "completed",
  rounds: [
    {
      round: 1,
      accuracy: 0.5,
      loss: 1.125,
      selected: 3,
      completed: 1,
      statuses: { paris: "active", tokyo: "dropped", nowhere: "failed" },
      rows: {
        paris: {
          local_accuracy: 0.5125,
          local_loss: 1.25,
          num_samples: 1200,
          train_time_sec: 32.322,
          bytes_sent: 4_801_485,
          bytes_received: 4_800_000,
          staleness: 1,
        },
        tokyo: {},
        nowhere: {},
      },
    },
    {
      round: 2,
      accuracy: 0.625,
      loss: Number.NaN,
      selected: 2,
      completed: 2,
      statuses: { paris: "non_finite", tokyo: "active", nowhere: "idle" },
      rows: {
        paris: { local_accuracy: Number.NEGATIVE_INFINITY, local_loss: Number.NaN },
        tokyo: { local_accuracy: 0.625, staleness: 2 },
        nowhere: {},
      },
    },
  ],
  incidents: ["non_finite paris 2", "failure nowhere 1", "dropout tokyo 1"],
  unlocated: 1,
  server: "server · Frankfurt, DE",
};
