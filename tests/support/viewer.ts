import { createHash } from "node:crypto";
import { numberFromJson } from "@hivewatch/core";
import { eventually } from "@hivewatch/test-support";
import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";

/** What the viewer says of the round that it shows. */
export interface ShownFigures {
  readonly round: number | undefined;
  readonly accuracy: number | undefined;
  readonly loss: number | undefined;
  readonly selected: number | undefined;
  readonly completed: number | undefined;
}

/** Reads the round's figures off the page, exactly. */
export async function figures(page: Page): Promise<ShownFigures> {
  const value = (name: string): Promise<number | undefined> => numberOf(page.getByTestId(name));
  return {
    round: await value("round-number"),
    accuracy: await value("global-accuracy"),
    loss: await value("global-loss"),
    selected: await value("num-selected"),
    completed: await value("num-completed"),
  };
}

/** Reads a client's numbers in the shown round off the page, exactly, by the names of their fields. */
export async function clientRow(page: Page, clientId: string): Promise<Record<string, number | undefined>> {
  const cells = rowOf(page, clientId).locator("[data-field][data-value]");
  const numbers: Record<string, number | undefined> = {};
  for (const cell of await cells.all()) {
    numbers[(await cell.getAttribute("data-field")) ?? ""] = await numberOf(cell);
  }
  return numbers;
}

/** A round as the page tells it. */
export interface ShownRound extends ShownFigures {
  readonly statuses: Readonly<Record<string, string | null>>;
  readonly rows: Readonly<Record<string, Readonly<Record<string, number | undefined>>>>;
}

/** Everything that the page says of a run. */
export interface ShownRun {
  readonly status: string | null;
  readonly rounds: readonly ShownRound[];
  /** `kind client round`, the newest first. */
  readonly incidents: readonly string[];
  readonly unlocated: number | undefined;
  readonly server: string | null;
}

/** Goes through all rounds of the run, and reads everything off the page. */
export async function shownRun(page: Page): Promise<ShownRun> {
  // A page has finished before it has read what needs attention, and reads nothing while somebody goes through rounds.
  await eventually(async () => expect(await readShare(page)).toBe("1"));
  const last = Number(await page.getByTestId("scrubber").getAttribute("max"));
  const rounds: ShownRound[] = [];
  for (let index = 0; index <= last; index++) {
    await showRound(page, index);
    rounds.push(await shownRound(page));
  }
  const unlocated = page.getByTestId("unlocated-count");
  const server = page.getByTestId("server-place");
  return {
    status: await runStatus(page),
    rounds,
    incidents: await incidents(page),
    unlocated: (await unlocated.count()) === 0 ? 0 : await numberOf(unlocated),
    server: (await server.count()) === 0 ? null : await server.textContent(),
  };
}

async function shownRound(page: Page): Promise<ShownRound> {
  const rows: Record<string, Record<string, number | undefined>> = {};
  const statuses: Record<string, string | null> = {};
  for (const id of await shownClients(page)) {
    rows[id] = await clientRow(page, id);
    statuses[id] = await rowOf(page, id).getAttribute("data-status");
  }
  return { ...(await figures(page)), statuses, rows };
}

/** What the page lists as gone wrong, as `kind client round`, the newest first. */
export async function incidents(page: Page): Promise<string[]> {
  const texts: string[] = [];
  for (const item of await page.getByTestId("finding").all()) {
    const [kind, client, round] = await Promise.all(
      ["data-kind", "data-client-id", "data-round"].map((name) => item.getAttribute(name)),
    );
    texts.push(`${kind} ${client} ${round}`);
  }
  return texts;
}

/** The row of a client in the table. */
export function rowOf(page: Page, clientId: string): Locator {
  // What JSON escapes, CSS does in its own way.
  const quoted = JSON.stringify(clientId).replace(/\\u([0-9a-f]{4})/g, "\\$1 ");
  return page.locator(`[data-testid="client-row"][data-client-id=${quoted}]`);
}

/** The ids in the table of clients, sorted. */
export async function shownClients(page: Page): Promise<string[]> {
  const ids: string[] = [];
  for (const row of await page.getByTestId("client-row").all())
    ids.push((await row.getAttribute("data-client-id")) ?? "");
  return ids.sort();
}

/** Moves the scrubber to a round, by its place among the rounds. */
export async function showRound(page: Page, index: number): Promise<void> {
  await page.getByTestId("scrubber").fill(String(index));
  // The round's clients may have to be fetched first.
  await eventually(async () => {
    const round = await page.getByTestId("round-number").getAttribute("data-value");
    expect(await page.getByTestId("client-table").getAttribute("data-round")).toBe(round);
  });
}

/** What is drawn on the map but for what moves: a hash of each canvas, the lowest first. */
export async function mapPixels(page: Page): Promise<string[]> {
  const canvases = page.getByTestId("map-canvas").locator("canvas:not(.map-motion)");
  const pictures = await canvases.evaluateAll((all) => all.map((each) => each.toDataURL()));
  return pictures.map((picture) => createHash("sha1").update(picture).digest("hex"));
}

/** The status of the run, as the page has it. */
export function runStatus(page: Page): Promise<string | null> {
  return page.getByTestId("run-status").getAttribute("data-status");
}

/** The state of the page's connection, in its one word. */
export function connection(page: Page): Promise<string | null> {
  return page.getByTestId("connection").getAttribute("data-state");
}

/** How much of its run the page has read, from 0 to 1. */
function readShare(page: Page): Promise<string | null> {
  return page.getByTestId("connection").getAttribute("data-read");
}

/** Waits until the page stands so to its run, and has read all of its rounds, and loaded all of its own parts. */
export async function isRead(page: Page, state = "finished"): Promise<void> {
  await eventually(async () => {
    expect(await connection(page)).toBe(state);
    expect(await readShare(page)).toBe("1");
    expect(await page.getByText("Loading…").count()).toBe(0);
  });
}

/** A number that the page has, undefined if it has none. */
async function numberOf(element: Locator): Promise<number | undefined> {
  const text = await element.getAttribute("data-value");
  if (text === null || text === "") return undefined;
  return numberFromJson(text) ?? Number(text);
}
