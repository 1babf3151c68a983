import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { decodeMapPart, type MapHead, parseMapHead } from "@hivewatch/core";
import { describe, expect, test } from "vitest";
import { readRange } from "../src/byte-range.ts";
import { type Answer, ask } from "./support/http.ts";
import { event, finished, init, startTestServer, type TestServer, updates } from "./support/test-server.ts";

const ROUND_END = event({ event_type: "round_end", round: 1, round_metrics: { global_accuracy: 0.5 } });

async function serverWithMap(): Promise<TestServer & { readonly head: MapHead; readonly frames: Buffer }> {
  const server = await startTestServer();
  await server.write([init(), ...updates(50), ROUND_END]);
  await server.store.writeArtifacts("r");
  const head = parseMapHead(await readFile(join(server.store.dir, "r.map2.json"), "utf8"));
  return { ...server, head, frames: await readFile(join(server.store.dir, "r.map2")) };
}

function frames(url: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  return ask(url, "/runs/r/map2/frames", { headers, method });
}

describe("the head", () => {
  test("is the file, compressed for whoever takes it, and not sent again to who has it", async () => {
    const { url, store } = await serverWithMap();
    const text = await readFile(join(store.dir, "r.map2.json"));
    const plain = await ask(url, "/runs/r/map2");
    expect([plain.status, plain.headers["content-type"]]).toEqual([200, "application/json"]);
    expect(plain.body).toEqual(text);
    const packed = await ask(url, "/runs/%72/map2/?x=1", { headers: { "Accept-Encoding": "gzip" } });
    expect(gunzipSync(packed.body)).toEqual(text);
    const again = await ask(url, "/runs/r/map2", { headers: { "If-None-Match": String(plain.headers.etag) } });
    expect([again.status, again.body.length]).toEqual([304, 0]);
    const head = await ask(url, "/runs/r/map2", { method: "HEAD" });
    expect([head.status, head.body.length, head.headers.etag]).toEqual([200, 0, plain.headers.etag]);
  });

  test("has another tag when the run has gone on", async () => {
    const { url, store, write } = await serverWithMap();
    const { headers } = await ask(url, "/runs/r/map2");
    await write([finished()]);
    await store.writeArtifacts("r");
    const next = await ask(url, "/runs/r/map2", { headers: { "If-None-Match": String(headers.etag) } });
    expect([next.status, parseMapHead(next.body.toString()).status]).toEqual([200, "completed"]);
  });
});

describe("the frames", () => {
  test("of one round are had with one request", async () => {
    const { url, head } = await serverWithMap();
    const [[offset, length] = [0, 0]] = head.rounds[0]?.parts ?? [];
    const range = `bytes=${offset}-${offset + length - 1}`;
    const { status, headers, body } = await frames(url, { Range: range, "If-Match": `"${head.frames.id}"` });
    expect([status, headers["content-range"], headers["content-length"], headers["content-type"]]).toEqual([
      206,
      `bytes ${offset}-${offset + length - 1}/${head.frames.bytes}`,
      String(length),
      "application/octet-stream",
    ]);
    expect(decodeMapPart(gunzipSync(body)).rows).toBe(50);
  });

  test.each([
    ["bytes=0-0", 0, 1],
    ["bytes=5-", 5, undefined],
    ["bytes=-7", -7, undefined],
    ["bytes=10-99999999999", 10, undefined],
  ])("%s", async (range, start, end) => {
    const { url, frames: all } = await serverWithMap();
    const { status, body } = await frames(url, { Range: range });
    expect(status).toBe(206);
    expect(body).toEqual(all.subarray(start, end));
  });

  test.each([undefined, "bytes=9-3", "bytes=0-1,4-5", "lines=1-2", "bytes=-", "nonsense"])(
    "are all sent for %s",
    async (range) => {
      const { url, frames: all } = await serverWithMap();
      const { status, headers, body } = await frames(url, range === undefined ? {} : { Range: range });
      expect([status, headers["accept-ranges"]]).toEqual([200, "bytes"]);
      expect(body).toEqual(all);
    },
  );

  test("that are not there can't be had", async () => {
    const { url, head } = await serverWithMap();
    for (const range of [`bytes=${head.frames.bytes}-`, "bytes=-0"]) {
      const { status, headers, body } = await frames(url, { Range: range });
      expect([status, headers["content-range"], body.length]).toEqual([416, `bytes */${head.frames.bytes}`, 0]);
    }
  });

  test("of another file than the head's are never taken for its own", async () => {
    const { url, head } = await serverWithMap();
    const range = { Range: "bytes=0-9" };
    expect((await frames(url, { ...range, "If-Match": '"other"' })).status).toBe(412);
    expect((await frames(url, { ...range, "If-Match": `"other", "${head.frames.id}"` })).status).toBe(206);
    expect((await frames(url, { ...range, "If-Range": '"other"' })).status).toBe(200);
    expect((await frames(url, { ...range, "If-Range": `"${head.frames.id}"` })).status).toBe(206);
  });

  test("HEAD says how many there are", async () => {
    const { url, head } = await serverWithMap();
    const { status, headers, body } = await frames(url, {}, "HEAD");
    expect([status, headers["content-length"], body.length]).toEqual([200, String(head.frames.bytes), 0]);
    expect((await frames(url, { Range: "bytes=0-9" }, "HEAD")).headers["content-length"]).toBe("10");
  });

  test("keep their tag while more come, so that a reader can go on with them", async () => {
    const { url, store, write, head } = await serverWithMap();
    await write(updates(3, 100));
    await store.writeArtifacts("r");
    const answer = await ask(url, "/runs/r/map2");
    const next = parseMapHead(answer.body.toString());
    // Whoever isn't the owner of the log writes a copy, which is another file.
    expect(next.frames.id).not.toBe(head.frames.id);
    expect((await frames(url, { "If-Match": `"${head.frames.id}"` })).status).toBe(412);
  });
});

test("there is no map of a log where none was made, and none of what isn't a run", async () => {
  const { url, write } = await startTestServer();
  await write([init()]);
  for (const path of ["map2", "map2/frames"]) {
    const { status, body } = await ask(url, `/runs/r/${path}`);
    expect([status, body.toString()]).toEqual([404, expect.stringContaining("hivewatch runs export r --map")]);
    for (const run of ["nobody", "..%2Foutside", "..", "r%2F"]) {
      expect((await ask(url, `/runs/${run}/${path}`)).status).toBe(404);
    }
  }
  for (const path of ["map2/", "map2/frames/"]) expect((await ask(url, `/runs/r/${path}`)).status).toBe(404);
  expect((await ask(url, "/runs/r/map2/other")).status).toBe(404);
});

describe("metadata", () => {
  const events = [init(), ...updates(20), ROUND_END, finished()];

  test("is the same before there are files, from files that are behind, and from those that are up to date", async () => {
    const { url, write, store } = await startTestServer();
    const metadata = async (): Promise<unknown> => JSON.parse((await ask(url, "/runs/r/metadata")).body.toString());
    await write(events.slice(0, 10));
    const first = await metadata();
    await store.writeArtifacts("r");
    expect(await metadata()).toEqual(first);
    await write(events.slice(10));
    const whole = await metadata();
    await store.writeArtifacts("r");
    expect(await metadata()).toEqual(whole);
    expect(whole).toMatchObject({ rounds: [{ round: 1, globalAcc: 0.5 }] });
    expect(JSON.parse(await readFile(join(store.dir, "r.map.json"), "utf8"))).toEqual(whole);
  });

  test("comes from the map also when the map is damaged, or the file is gone", async () => {
    const { url, write, store } = await startTestServer();
    await write(events);
    const whole = (await ask(url, "/runs/r/metadata")).body.toString();
    await store.writeArtifacts("r");
    await writeFile(join(store.dir, "r.map2"), "nothing");
    expect(JSON.parse((await ask(url, "/runs/r/metadata")).body.toString())).toEqual(JSON.parse(whole));
  });
});

test.each([
  ["bytes=0-4", 10, { first: 0, last: 4 }],
  ["bytes=0-", 0, "none"],
  ["bytes=-5", 3, { first: 0, last: 2 }],
  ["bytes=a-b", 3, "all"],
] as const)("range %s of %d bytes", (header, size, expected) => {
  expect(readRange(header, size)).toEqual(expected);
});
