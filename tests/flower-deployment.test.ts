import {
  afterwards,
  eventually,
  type Fields,
  fields,
  inRepository,
  isSoak,
  list,
  startHivewatch,
  startProgram,
  temporaryFolder,
} from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { expectQuiet, openPage } from "./support/browser.ts";
import { testFaults } from "./support/flower-faults.ts";
import { testVersions } from "./support/flower-versions.ts";
import { fetchJson } from "./support/json.ts";
import { needChromium, needFlower } from "./support/parts.ts";
import { connection, figures, runStatus, shownClients, shownRun } from "./support/viewer.ts";

/** A deployment takes about a minute, and this is only to end one that hangs. */
const GIVE_UP_MS = 600_000;

/** Where examples/flower says that its sites are. */
const SITES = [
  { site: "cologne", city: "Cologne", country: "DE", lat: 50.94, lng: 6.96 },
  { site: "lyon", city: "Lyon", country: "FR", lat: 45.76, lng: 4.84 },
  { site: "porto", city: "Porto", country: "PT", lat: 41.15, lng: -8.61 },
];

if (isSoak) {
  testFaults();
  testVersions();
}

test("the Flower example, deployed for real, is seen with its sites and to its end", async (context) => {
  const python = needFlower(context);
  const chromium = needChromium(context);
  const hivewatch = await startHivewatch({ runsDir: await temporaryFolder() });
  const opened = await openPage(chromium, hivewatch.http);
  const { page } = opened;

  const example = startProgram(python, ["run.py"], {
    cwd: inRepository("examples/flower"),
    env: { HIVEWATCH_ENDPOINT: hivewatch.grpc, PYTHONPATH: inRepository("python/src"), PYTHONUNBUFFERED: "1" },
  });
  // Asked, so that it ends the programs that it has started.
  afterwards(() => {
    example.signal("SIGTERM");
    return example.exited;
  });

  // Live, in the middle of the training: all sites have a place on the map.
  await page.locator('[data-testid="map-canvas"][data-layout="world"]').waitFor({ timeout: GIVE_UP_MS });
  await page.getByTestId("unlocated-count").waitFor({ state: "detached", timeout: GIVE_UP_MS });
  expect(await runStatus(page)).toBe("running");
  // None of them may be shown for a moment, when a round begins.
  await eventually(async () => expect(await shownClients(page)).toHaveLength(3));

  const exit = await example.exited;
  expect(exit, `${example.stdout()}\n${example.stderr()}`).toEqual({ code: 0, signal: null });
  const [, runId = ""] = await example.printed(/^run (\d+): finished:completed/m);
  await eventually(async () => expect(await connection(page)).toBe("finished"));

  expect(await fetchJson(`${hivewatch.http}/runs`)).toEqual([
    expect.objectContaining({ run_id: runId, algorithm: "FedAvg", status: "completed", num_rounds: 4, num_clients: 3 }),
  ]);
  const map = fields(await fetchJson(`${hivewatch.http}/runs/${runId}/metadata`));
  const [before, ...rounds] = list(map.rounds);
  expect(before).toMatchObject({ round: 0, clients: [] });
  expect(rounds.map(({ round }) => round)).toEqual([1, 2, 3]);
  for (const round of rounds) {
    expect(bySite(list(round.clients))).toMatchObject(SITES);
    for (const client of list(round.clients)) expectResult(client);
    expect(round.globalAcc).toBeGreaterThan(Number(before?.globalAcc));
    expect(round.globalLoss).toBeLessThan(Number(before?.globalLoss));
  }

  const shown = await shownRun(page);
  expect(shown).toMatchObject({ status: "completed", unlocated: 0 });
  // On a busy machine one of three may well take twice as long as the others.
  expect(shown.incidents.filter((incident) => !incident.startsWith("straggler "))).toEqual([]);
  expect(shown.rounds.map(({ round, accuracy, loss }) => ({ round, accuracy, loss }))).toEqual(
    list(map.rounds).map(({ round, globalAcc, globalLoss }) => ({ round, accuracy: globalAcc, loss: globalLoss })),
  );
  expect(await shownClients(page)).toEqual(
    list(rounds[0]?.clients)
      .map((client) => client.client_id)
      .sort(),
  );
  expect(await figures(page)).toMatchObject({ round: 3, selected: 3, completed: 3 });
  const table = await page.getByTestId("client-row").allTextContents();
  for (const { city, country } of SITES) expect(table.join("\n")).toContain(`${city}, ${country}`);
  expectQuiet(opened);
});

function bySite(clients: readonly Fields[]): Fields[] {
  return [...clients].sort((a, b) => String(a.site).localeCompare(String(b.site)));
}

function expectResult({ local_loss, local_accuracy, num_samples, train_time_sec, bytes_sent, status }: Fields): void {
  for (const value of [local_loss, local_accuracy, num_samples, train_time_sec, bytes_sent]) {
    expect(value).toBeGreaterThan(0);
  }
  expect(status).toBe("active");
}
