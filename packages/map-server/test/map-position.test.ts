import { appendFile, cp, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { decodeMapPart, type MapHead, parseMapHead, stringifyEvent } from "@hivewatch/core";
import { readStream, temporaryFolder, until } from "@hivewatch/test-support";
import { describe, expect, test } from "vitest";
import { ask } from "./support/http.ts";
import { event, finished, init, numbers, numbersOf, startTestServer, updates } from "./support/test-server.ts";

const ROUND_END = event({
  event_type: "round_end",
  round: 1,
  round_metrics: { global_accuracy: 0.5, global_loss: "NaN" },
});

async function headOf(url: string, runId = "r"): Promise<MapHead> {
  const { status, body } = await ask(url, `/runs/${runId}/map2`);
  expect([status, status === 200 ? "" : body.toString()]).toEqual([200, ""]);
  return parseMapHead(body.toString());
}

/** The numbers of the results that a map tells of. */
async function resultsOf(url: string, { frames, rounds }: MapHead, runId = "r"): Promise<number[]> {
  const found: number[] = [];
  for (const [offset, length] of rounds.flatMap(({ parts }) => parts)) {
    const headers = { Range: `bytes=${offset}-${offset + length - 1}`, "If-Match": `"${frames.id}"` };
    const { status, body } = await ask(url, `/runs/${runId}/map2/frames`, { headers });
    expect(status).toBe(206);
    const column = decodeMapPart(gunzipSync(body)).columns.find(({ name }) => name === "local_loss");
    if (column?.kind === "numbers") found.push(...column.numbers);
  }
  return found;
}

/** Checks that what a map tells and what the stream has behind it are all results of a run, each once. */
async function expectWhole(url: string, count: number, runId = "r"): Promise<MapHead> {
  const head = await headOf(url, runId);
  const known = await resultsOf(url, head, runId);
  const stream = await readStream(`${url}/stream?run_id=${runId}&last_event_id=${head.position}`);
  await stream.note("caught_up");
  expect([...known, ...numbersOf(stream.events)]).toEqual(numbers(count));
  stream.close();
  return head;
}

/** A run of which there are only lines, as Python hivewatch writes them. */
async function writeLines(dir: string, count: number, first = 0): Promise<void> {
  const events = [...(first === 0 ? [init()] : []), ...updates(count, first)];
  await appendFile(join(dir, "r.jsonl"), events.map((each) => `${stringifyEvent(each)}\n`).join(""));
}

describe("the stream goes on right behind the head", () => {
  test("of a log, however the two of them grow", async () => {
    const { url, write, store } = await startTestServer();
    let count = 0;
    for (const more of [1, 7, 50, 3]) {
      await write(updates(more, count));
      count += more;
      await store.writeArtifacts("r");
      await expectWhole(url, count);
      await write(updates(4, count));
      count += 4;
      const head = await expectWhole(url, count);
      expect(head.position).toBe(count - 4);
    }
  });

  test("of lines alone, while they grow, the last without its line feed", async () => {
    const { url, store } = await startTestServer();
    await writeLines(store.dir, 20);
    const { frames } = await expectWhole(url, 20);
    await writeLines(store.dir, 5, 20);
    await expectWhole(url, 25);
    await appendFile(join(store.dir, "r.jsonl"), stringifyEvent(updates(1, 25)[0]));
    await expectWhole(url, 26);
    await until("a newer head", async () => (await headOf(url)).num_events === 27);
    const head = await expectWhole(url, 26);
    expect(head.frames.id).toBe(frames.id);
  });

  test("of lines whose log has been removed", async () => {
    const log = await startTestServer();
    await log.write([init(), ...updates(20), ROUND_END, finished()]);
    await log.store.writeArtifacts("r");
    const dir = await temporaryFolder();
    for (const name of ["r.jsonl", "r.map2", "r.map2.json"]) await cp(join(log.store.dir, name), join(dir, name));
    const { url } = await startTestServer({ dir });
    const head = await expectWhole(url, 20);
    expect(head.frames.id).toBe((await headOf(log.url)).frames.id);
    expect(head.rounds).toEqual((await headOf(log.url)).rounds);
    // A map that lacks some of the lines can't be gone on with: where it ends is told in events, not in bytes.
    await appendFile(join(dir, "r.jsonl"), `${stringifyEvent(updates(1, 20)[0])}\n`);
    const made = await expectWhole(url, 21);
    expect(made.frames.id).not.toBe(head.frames.id);
  });
});

describe("a map of lines alone", () => {
  test("is the one that a log of the same events has", async () => {
    const log = await startTestServer();
    await log.write([init(), ...updates(20), ROUND_END, finished()]);
    await log.store.writeArtifacts("r");
    const { url, store } = await startTestServer();
    await cp(join(log.store.dir, "r.jsonl"), join(store.dir, "r.jsonl"));
    const head = await headOf(url);
    const own = await headOf(log.url);
    // In the lines a round's end has also the figures that were derived, as if the server had reported them.
    const unplaced = ({ rounds }: MapHead): unknown => rounds.map((round) => ({ ...round, parts: [], reported: [] }));
    expect(unplaced(head)).toEqual(unplaced(own));
    expect([head.status, head.num_events, head.jsonl_bytes]).toEqual([own.status, own.num_events, null]);
    expect(await resultsOf(url, head)).toEqual(numbers(20));
  });

  test("is made once for all who ask, and not again while the lines stay as they are", async () => {
    const { url, store } = await startTestServer();
    await writeLines(store.dir, 500);
    const heads = await Promise.all(Array.from({ length: 10 }, () => headOf(url)));
    expect(new Set(heads.map(({ frames }) => frames.id)).size).toBe(1);
    const { headers } = await ask(url, "/runs/r/map2");
    const again = await ask(url, "/runs/r/map2", { headers: { "If-None-Match": String(headers.etag) } });
    expect(again.status).toBe(304);
  });

  test("is made anew when the lines are others", async () => {
    const { url, store } = await startTestServer();
    await writeLines(store.dir, 20);
    const { frames } = await expectWhole(url, 20);
    await truncate(join(store.dir, "r.jsonl"), 0);
    await writeLines(store.dir, 3);
    const head = await expectWhole(url, 3);
    expect(head.frames.id).not.toBe(frames.id);
    const { status } = await ask(url, "/runs/r/map2/frames", { headers: { "If-Match": `"${frames.id}"` } });
    expect(status).toBe(412);
  });

  test("takes no more room for runs that nobody asks for any more, and leaves no file beside the lines", async () => {
    const { url, store } = await startTestServer();
    const first: MapHead[] = [];
    for (let i = 0; i < 12; i++) {
      await writeFile(
        join(store.dir, `run${i}.jsonl`),
        `${stringifyEvent(init())}\n${stringifyEvent(updates(1)[0])}\n`,
      );
      first.push(await expectWhole(url, 1, `run${i}`));
    }
    const again = [await headOf(url, "run11"), await headOf(url, "run0")];
    expect(again[0]?.frames.id).toBe(first[11]?.frames.id);
    expect(again[1]?.frames.id).not.toBe(first[0]?.frames.id);
    expect(await readdir(store.dir)).toHaveLength(12);
  });

  test("is none of a run that can't be read any more", async () => {
    const { url, store } = await startTestServer();
    await writeLines(store.dir, 20);
    await headOf(url);
    await rm(join(store.dir, "r.jsonl"));
    expect((await ask(url, "/runs/r/map2")).status).toBe(404);
  });
});
