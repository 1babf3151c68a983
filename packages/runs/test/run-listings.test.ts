import { appendFile, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { HiveEvent } from "@hivewatch/core";
import { newSeed, type Random, randomFrom, temporaryFolder } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { packEvents } from "../src/batch.ts";
import { openRunStore, type RunStore } from "../src/index.ts";
import { applyToListing, createListingState, type RunListing } from "../src/run-listing.ts";
import { event, update } from "./support/events.ts";
import { append, finished } from "./support/stored.ts";
import { training } from "./support/training.ts";

/** What a run's listing is, made event by event. */
async function byEvents(store: RunStore, runId = "r"): Promise<RunListing> {
  const state = createListingState(runId);
  for await (const { entries } of store.read(runId)) for (const entry of entries) applyToListing(state, entry);
  return state.listing;
}

test("a listing made of whole columns is the one that is made event by event", async () => {
  const random = randomFrom(newSeed());
  for (let i = 0; i < 40; i++) {
    const store = openRunStore({ dir: await temporaryFolder() });
    const log = await store.openLog("r");
    let firstSeq = 0n;
    for (let step = random.below(5); step >= 0; step--) {
      const events = anyEvents(random);
      for (const batch of packEvents(events, { runId: "r", producerId: "p", producerEpoch: 1n, firstSeq })) {
        await log.append(batch);
      }
      firstSeq += BigInt(events.length);
      if (random.below(2) === 0) expect(await store.listing("r")).toEqual(await byEvents(store));
    }
    await log.close();
    const expected = await byEvents(store);
    expect(await store.listing("r")).toEqual(expected);
    expect(await openRunStore({ dir: store.dir }).listing("r")).toEqual(expected);
  }
});

function anyEvents(random: Random): HiveEvent[] {
  const extra = training(2);
  const events = Array.from({ length: random.below(30) }, (): HiveEvent => {
    if (random.below(4) === 0) return extra[random.below(extra.length)] ?? finished();
    const client = { client_id: `c${random.below(9)}`, local_loss: random.below(100), note: random.pick(["x", "NaN"]) };
    return update(client, random.pick([null, 0, 1, random.below(5)]));
  });
  return [...events, extra[random.below(extra.length)] ?? finished()];
}

test("the listing of a run that has finished is kept beside its log, and used until something is written", async () => {
  const store = openRunStore({ dir: await temporaryFolder() });
  await append(store, "r", training(3));
  const listing = await store.listing("r");
  const saved = join(store.dir, "r.log", "listing.json");
  const text = await readFile(saved, "utf8");
  // To tell whether it is used.
  await writeFile(saved, text.replace(/"num_clients":\d+/, '"num_clients":99'));
  expect(await openRunStore({ dir: store.dir }).listing("r")).toEqual({ ...listing, num_clients: 99 });
  await append(store, "r", [update({ client_id: "new" })]);
  const again = openRunStore({ dir: store.dir });
  expect(await again.listing("r")).toEqual(await byEvents(store));
  expect(await openRunStore({ dir: store.dir }).listing("r")).toEqual(await byEvents(store));
});

test("one that can't be read is made anew", async () => {
  const store = openRunStore({ dir: await temporaryFolder() });
  await append(store, "r", training(1));
  const listing = await store.listing("r");
  const saved = join(store.dir, "r.log", "listing.json");
  for (const text of ["", "{", "null", '{"version":0}']) {
    await writeFile(saved, text);
    expect(await openRunStore({ dir: store.dir }).listing("r")).toEqual(listing);
  }
});

test("of a run that goes on nothing is kept, unless it has been silent", async () => {
  const store = openRunStore({ dir: await temporaryFolder() });
  await append(store, "r", [update({ client_id: "a" })]);
  await store.list();
  expect(await readdir(join(store.dir, "r.log"))).not.toContain("listing.json");
  const segment = (await readdir(join(store.dir, "r.log"))).find((name) => name.endsWith(".seg")) ?? "";
  const longAgo = Date.now() / 1000 - 3600;
  await utimes(join(store.dir, "r.log", segment), longAgo, longAgo);
  await store.list();
  expect(await readdir(join(store.dir, "r.log"))).toContain("listing.json");
});

test("a large file of lines of its own is not read again after a restart", async () => {
  const dir = await temporaryFolder();
  const lines = training(3, "old").map((each) => `${JSON.stringify(each)}\n`);
  const filler = JSON.stringify(event({ event_type: "note", text: "x".repeat(2 * 1024 * 1024) }, "old"));
  await writeFile(join(dir, "old.jsonl"), [...lines, `${filler}\n`].join(""));
  const listing = await openRunStore({ dir }).listing("old");
  expect(listing).toMatchObject({ num_rounds: 3 });
  expect(await readdir(join(dir, ".listings"))).toEqual(["old.json"]);
  expect(await openRunStore({ dir }).listing("old")).toEqual(listing);
  await appendFile(
    join(dir, "old.jsonl"),
    `${JSON.stringify(event({ event_type: "round_start", round: 9 }, "old"))}\n`,
  );
  expect(await openRunStore({ dir }).listing("old")).toMatchObject({ num_rounds: 4 });
});
