import { eventually, startMap, syntheticRun, temporaryFolder } from "@hivewatch/test-support";
import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { type BrowserPage, expectQuiet, openPage } from "./support/browser.ts";
import { needChromium } from "./support/parts.ts";
import { connection, figures, rowOf, type ShownFigures } from "./support/viewer.ts";
import { DESKTOP, expectIntended, expectNoOverflow, forEveryPart } from "./support/walk-page.ts";
import { writeRun } from "./support/write-run.ts";

type Fields = Readonly<Record<string, unknown>>;

const STARTED_AT = Date.UTC(2026, 0, 1, 8);

let http = "";

beforeAll(async () => {
  const dir = await temporaryFolder();
  for (const [name, text] of Object.entries(TEXTS)) await writeRun(dir, `run-${name}`, hostileRun(`run-${name}`, text));
  for (const { name, events } of SHAPES) await writeRun(dir, `run-${name}`, events(`run-${name}`));
  http = await startMap(dir);
});

/** What clients may call themselves, and everything else. */
const TEXTS = {
  markup: `"'><img src=x onerror="alert(1)"><script>alert(2)</script>{{7*7}}<a href="javascript:alert(3)">a</a>`,
  bidi: "\u202Eexe.tset\u2066 \u05D0\u05D1\u05D2 \u200F\u061C\u202D x\u2029y\u0007\u001B[31m",
  long: "W".repeat(10_000),
  words: "word ".repeat(2_000),
  empty: "",
  names: "__proto__",
} as const;

for (const [name, text] of Object.entries(TEXTS)) {
  test(`a run in which every text is "${name}" is shown as text, and leaves the page as it is`, async (context) => {
    const opened = await openRun(needChromium(context), `run-${name}`);
    const { page } = opened;
    expect(await figures(page)).toMatchObject({ round: 2, accuracy: 0.5, selected: 2 });
    await forEveryPart(page, (part) => expectNoOverflow(page, part));

    await page.setViewportSize(DESKTOP);
    await page.getByTestId("tab-clients").click();
    const id = clientIdOf(text);
    await rowOf(page, id).getByRole("button").click();
    const drawer = page.getByTestId("client-panel");
    await drawer.waitFor();
    expect(shown((await drawer.textContent()) ?? "")).toContain(shown(id));
    await forEveryPartBehindDrawer(page);
    await page.keyboard.press("Escape");

    await page.getByTestId("run-picker").click();
    await page.locator(`[data-testid="run-item"][data-run-id="run-${name}"]`).waitFor();
    await expectNoOverflow(page, "runs");
    expect(await page.locator("img, #app script, iframe, [onerror], [href^=javascript]").count()).toBe(0);
    expectQuiet(opened);
  });
}

test("what is searched for may be anything", async (context) => {
  const opened = await openRun(needChromium(context), "run-markup");
  const { page } = opened;
  for (const text of Object.values(TEXTS)) {
    await page.getByTestId("search").fill(text);
    await page.getByTestId("search").press("End");
    await expectNoOverflow(page, `search for ${text.slice(0, 30)}`);
  }
  expectQuiet(opened);
});

test("an address may say anything", async (context) => {
  const opened = await openRun(needChromium(context), "run-markup");
  const { page } = opened;
  const names = [
    "client",
    "filter",
    "color",
    "projection",
    "metric",
    "compare",
    "tab",
    "axis",
    "chart",
    "sort",
    "column",
    "round",
    "order",
    "trouble",
    "events",
    "view",
  ];
  for (const text of [...Object.values(TEXTS), "NaN", "-1", "99999999999999999999"]) {
    const fragment = new URLSearchParams();
    for (const name of names) fragment.append(name, text);
    await page.goto("about:blank");
    await page.goto(`${http}/?run_id=run-markup&panel=${encodeURIComponent(text.slice(0, 100))}#${fragment}`);
    await page.getByTestId("key-figures").waitFor();
    await expectNoOverflow(page, `address with ${text.slice(0, 30)}`);
  }
  // Some of it are names that runs could have, and they are asked for.
  expectQuiet({ ...opened, problems: opened.problems.filter((problem) => !problem.includes("status of 404")) });
});

interface Shape {
  readonly name: string;
  readonly events: (runId: string) => Iterable<Fields>;
  /** Of its newest round. */
  readonly figures: Partial<ShownFigures>;
  readonly rounds: number;
  /** Whether nothing says that it is over. */
  readonly isOpen?: true;
  /** Whether it holds values that are not finite. */
  readonly hasNonFinite?: true;
}

const SHAPES: readonly Shape[] = [
  {
    name: "one-round",
    events: (id) => syntheticRun({ runId: id, clients: 5, rounds: 1, seed: 1 }),
    figures: { round: 1, selected: 5 },
    rounds: 1,
  },
  {
    name: "no-clients",
    events: (id) => [
      init(id),
      ...[1, 2].map((round) => roundEnd(id, round, { global_accuracy: round / 4 })),
      finished(id),
    ],
    figures: { round: 2, accuracy: 0.5, loss: undefined, selected: undefined, completed: undefined },
    rounds: 2,
  },
  {
    name: "round-zero",
    events: (id) => [init(id), update(id, 0, "a"), roundEnd(id, 0, { global_loss: 0 }), finished(id)],
    figures: { round: 0, loss: 0, completed: 1 },
    rounds: 1,
  },
  {
    name: "ten-thousand-rounds",
    events: (id) => syntheticRun({ runId: id, clients: 3, rounds: 10_000, seed: 2 }),
    figures: { round: 10_000, selected: 3 },
    rounds: 10_000,
    hasNonFinite: true,
  },
  {
    name: "gaps",
    events: (id) => [
      init(id),
      ...[3, 4, 1_000_000, 7].flatMap((round) => [
        update(id, round, "a"),
        roundEnd(id, round, { global_accuracy: 0.25 }),
      ]),
      finished(id),
    ],
    figures: { round: 1_000_000, accuracy: 0.25, completed: 1 },
    rounds: 4,
  },
  {
    name: "twice",
    events: (id) => [
      init(id),
      ...[1, 2, 1, 2].flatMap((round, i) => [
        start(id, round, ["a", "b"]),
        update(id, round, "a", { local_accuracy: i / 8 }),
        roundEnd(id, round, { global_accuracy: i / 8 }),
      ]),
      finished(id),
    ],
    figures: { round: 2, accuracy: 0.375, selected: 2, completed: 1 },
    rounds: 2,
  },
  {
    name: "nothing-finite",
    events: (id) => [
      init(id),
      ...[1, 2, 3].flatMap((round) => [
        ...["a", "b", "c"].map((client) => update(id, round, client, NOTHING_FINITE)),
        roundEnd(id, round, {
          global_accuracy: "NaN",
          global_loss: "Infinity",
          round_duration_sec: "NaN",
          own: "-Infinity",
        }),
      ]),
      finished(id),
    ],
    figures: { round: 3, accuracy: Number.NaN, loss: Number.POSITIVE_INFINITY, completed: 3 },
    rounds: 3,
    hasNonFinite: true,
  },
  {
    name: "one-client",
    events: (id) => syntheticRun({ runId: id, clients: 1, rounds: 6, seed: 3 }),
    figures: { round: 6, selected: 1 },
    rounds: 6,
  },
  {
    name: "past-clock",
    events: (id) => syntheticRun({ runId: id, clients: 4, rounds: 3, seed: 4, startedAt: 0 }),
    figures: { round: 3, selected: 4 },
    rounds: 3,
  },
  {
    name: "future-clock",
    events: (id) => syntheticRun({ runId: id, clients: 4, rounds: 3, seed: 5, startedAt: Date.UTC(2255, 0, 1) }),
    figures: { round: 3, selected: 4 },
    rounds: 3,
  },
  {
    name: "stopped-clock",
    events: (id) => [
      init(id),
      ...[1, 2, 3].flatMap((round) => [update(id, round, "a"), roundEnd(id, round, {})]),
      finished(id),
    ],
    figures: { round: 3, completed: 1 },
    rounds: 3,
  },
  {
    name: "without-init",
    events: (id) => [1, 2].flatMap((round) => [update(id, round, "a"), roundEnd(id, round, {})]),
    figures: { round: 2, completed: 1 },
    rounds: 2,
    isOpen: true,
  },
  {
    name: "nowhere",
    events: (id) => [
      init(id),
      ...[1, 2].flatMap((round) => [update(id, round, "a"), update(id, round, "b"), roundEnd(id, round, {})]),
      finished(id),
    ],
    figures: { round: 2, completed: 2 },
    rounds: 2,
  },
];

for (const { name, figures: expected, rounds, isOpen, hasNonFinite } of SHAPES) {
  test(`a run of the kind "${name}" is shown with its figures`, async (context) => {
    const opened = await openRun(needChromium(context), `run-${name}`, isOpen === true ? "silent" : "finished");
    const { page } = opened;
    expect(await figures(page)).toMatchObject(expected);
    expect(await page.getByTestId("scrubber").getAttribute("max")).toBe(String(rounds - 1));
    await forEveryPart(page, async (part) => {
      await expectNoOverflow(page, part);
      if (hasNonFinite !== true) await expectIntended(page, part);
    });
    await page.getByTestId("play").click();
    const client = page.getByTestId("client-row").getByRole("button").first();
    await page.setViewportSize(DESKTOP);
    await page.getByTestId("tab-clients").click();
    if ((await client.count()) > 0) {
      await client.click();
      await page.getByTestId("client-panel").waitFor();
      if (hasNonFinite !== true) await expectIntended(page, "client");
      await page.keyboard.press("Escape");
    }
    await page.getByTestId("run-picker").click();
    await page.getByRole("searchbox", { name: "Search runs" }).fill(`run-${name}`);
    await page.locator(`[data-run-id="run-${name}"]`).waitFor();
    if (hasNonFinite !== true) await expectIntended(page, "runs");
    expectQuiet(opened);
  });
}

async function openRun(chromium: string, runId: string, state = "finished"): Promise<BrowserPage> {
  const opened = await openPage(chromium, `${http}/?run_id=${runId}`, { viewport: DESKTOP });
  await eventually(async () => {
    expect(await connection(opened.page)).toBe(state);
    expect(await opened.page.getByTestId("client-table").count()).toBe(1);
  });
  return opened;
}

/** Both sizes with a client's drawer over the page. */
async function forEveryPartBehindDrawer(page: Page): Promise<void> {
  await expectNoOverflow(page, "wide, client");
  await page.setViewportSize({ width: 360, height: 780 });
  await expectNoOverflow(page, "narrow, client");
  await page.setViewportSize(DESKTOP);
}

/** An id may be so long, and not empty. */
function clientIdOf(text: string): string {
  return text.slice(0, 256) || "(empty)";
}

/** Texts as the page has them, for comparing. */
function shown(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** A run in which everything that can be a text is this text. */
function* hostileRun(id: string, text: string): Generator<Fields> {
  const client_id = clientIdOf(text);
  const own = { [text]: text, [`n${text}`]: 0.5, constructor: text, status: text, city: text, country: text };
  yield event(id, "init", { algorithm: text, config: { [text]: text, num_rounds: text, nested: { [text]: [text] } } });
  yield event(id, "server_metadata", {
    server: { lat: 1, lng: 2, city: text, country: text, org: text, [text]: text },
  });
  for (const round of [1, 2]) {
    yield start(id, round, [client_id, "plain"]);
    yield update(id, round, client_id, { ...own, lat: 3, lng: 4, local_accuracy: 0.5 });
    yield update(id, round, "plain", { ...own, local_loss: "NaN" });
    yield event(id, "client_dropout", { round, clients: [{ client_id: "lost" }], reason: text });
    yield event(id, "comm_failure", { round, client_id: "lost", reason: text });
    yield event(id, "client_recovered", { round, client_id: "lost", [text]: text });
    yield event(id, "checkpoint", { round, path: text, metadata: { [text]: text } });
    yield event(id, "evaluation", { round, source: text, metrics: { [text]: 0.25 } });
    yield event(id, text.slice(0, 64) || "x", { round, [text]: text, nested: { [text]: text } });
    yield roundEnd(id, round, {
      global_accuracy: 0.5,
      global_source: text,
      [text]: 0.25,
      algorithm_metadata: { [text]: text },
    });
  }
  yield event(id, "finished", { status: "failed", reason: text });
}

const NOTHING_FINITE: Fields = {
  local_accuracy: "NaN",
  local_loss: "Infinity",
  num_samples: "NaN",
  train_time_sec: "-Infinity",
  bytes_sent: "NaN",
  bytes_received: "Infinity",
  gradient_norm: "NaN",
  own: "NaN",
};

function event(run_id: string, event_type: string, fields: Fields = {}): Fields {
  return { event_type, run_id, timestamp: new Date(STARTED_AT).toISOString(), ...fields };
}

function init(id: string): Fields {
  return event(id, "init", { algorithm: "FedAvg", config: {} });
}

function start(id: string, round: number, selected: readonly string[]): Fields {
  return event(id, "round_start", { round, selected });
}

function update(id: string, round: number, client_id: string, metrics: Fields = {}): Fields {
  return event(id, "client_update", { round, clients: [{ client_id, round, local_accuracy: 0.5, ...metrics }] });
}

function roundEnd(id: string, round: number, round_metrics: Fields): Fields {
  return event(id, "round_end", { round, clients: [], round_metrics });
}

function finished(id: string): Fields {
  return event(id, "finished", { status: "completed" });
}
