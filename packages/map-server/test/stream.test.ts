import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunStore } from "@hivewatch/runs";
import { readStream, temporaryFolder, until } from "@hivewatch/test-support";
import { describe, expect, onTestFinished, test } from "vitest";
import { startMapServer } from "../src/index.ts";
import { ask } from "./support/http.ts";
import { finished, init, numbers, numbersOf, startTestServer, updates } from "./support/test-server.ts";

describe("the stream of one run", () => {
  test("says that it is connected, has the run with its positions, says that this was all, and goes on live", async () => {
    const { url, write } = await startTestServer();
    await write([init(), ...updates(3)]);
    const stream = await readStream(`${url}/stream?run_id=r`);
    await stream.note("caught_up");
    expect(stream.frames.map((frame) => [frame.id, frame.events[0]?.event_type])).toEqual([
      [undefined, "connected"],
      ["1", "init"],
      ["2", "client_update"],
      ["3", "client_update"],
      ["4", "client_update"],
      [undefined, "caught_up"],
    ]);
    expect(stream.frames.some((frame) => frame.isArray)).toBe(false);
    await write(updates(2, 3));
    expect(numbersOf(await stream.atLeast(6))).toEqual(numbers(5));
    expect(stream.frames.at(-1)?.id).toBe("6");
  });

  test.each([
    ["a run that goes on", [init()], "live"],
    ["a run that is over", [init(), finished()], "static"],
  ])("tells of %s in its init", async (_, events, mode) => {
    const { url, write } = await startTestServer();
    await write(events);
    const stream = await readStream(`${url}/stream?run_id=r`);
    expect((await stream.atLeast(1))[0]).toMatchObject({ event_type: "init", mode, algorithm: "FedAvg" });
  });

  test.each(["", "&batch=1"])("resumes right behind any position, without loss or repeat (%j)", async (query) => {
    const { url, write } = await startTestServer();
    await write(updates(12));
    await write(updates(8, 12));
    for (let position = 0; position <= 20; position++) {
      const stream = await readStream(`${url}/stream?run_id=r${query}`, String(position));
      await stream.note("caught_up");
      expect(numbersOf(stream.events)).toEqual(numbers(20 - position, position));
      if (position < 20) expect(stream.frames.filter((frame) => frame.id !== undefined).at(-1)?.id).toBe("20");
      stream.close();
    }
  });

  test.each(["abc", "-5", "1.5", "99999999999999999999", "NaN", "", "1e9"])(
    "takes the id %j, which is none of its own, in its stride",
    async (id) => {
      const { url, write, said } = await startTestServer();
      await write(updates(3));
      const stream = await readStream(`${url}/stream?run_id=r`, id);
      await stream.note("caught_up");
      expect(numbersOf(stream.events)).toEqual(numbers(3));
      expect(said).toEqual([]);
    },
  );

  test("sends whoever has had more than there is to the beginning: the log was shortened", async () => {
    const { url, write } = await startTestServer();
    await write(updates(3));
    const stream = await readStream(`${url}/stream?run_id=r`, "4");
    await stream.ended;
    expect(stream.frames.at(-1)).toMatchObject({
      id: "0",
      events: [{ event_type: "reload", run_id: "r", position: 0, reason: "lost" }],
    });
    expect(stream.events).toEqual([]);
  });

  test("with batch=1 has arrays of events, the id of the last of them, and its notes as arrays of one", async () => {
    const { url, write } = await startTestServer();
    await write([init(), ...updates(2500)]);
    const stream = await readStream(`${url}/stream?run_id=r&batch=1`);
    await stream.note("caught_up");
    expect(stream.frames.every((frame) => frame.isArray)).toBe(true);
    const frames = stream.frames.filter((frame) => frame.id !== undefined);
    expect(frames.length).toBeLessThan(10);
    let position = 0;
    for (const frame of frames) {
      position += frame.events.length;
      expect(frame.id).toBe(String(position));
    }
    expect(numbersOf(await stream.atLeast(2501))).toEqual(numbers(2500));
  });

  test("waits for a run that isn't there yet, and says so once", async () => {
    const { url, write } = await startTestServer();
    const stream = await readStream(`${url}/stream?run_id=r`);
    await stream.note("not_found");
    await write([init(), ...updates(2)]);
    expect(numbersOf(await stream.atLeast(3))).toEqual(numbers(2));
    expect(stream.frames.filter((frame) => frame.events[0]?.event_type === "not_found")).toHaveLength(1);
    expect(stream.frames[0]?.events[0]?.event_type).toBe("connected");
  });

  test("follows the file that Python hivewatch writes", async () => {
    const dir = await temporaryFolder();
    const path = join(dir, "r.jsonl");
    const line = (loss: string): string =>
      `{"event_type": "client_update", "run_id": "r", "round": 1, "timestamp": "2026-11-23T07:43:20+00:00", "clients": [{"client_id": "a", "local_loss": ${loss}}]}\n`;
    await writeFile(path, line("0"));
    const { url } = await startTestServer({ dir });
    const stream = await readStream(`${url}/stream?run_id=r`);
    await stream.note("caught_up");
    await appendFile(path, line("NaN").slice(0, 60));
    await appendFile(path, line("NaN").slice(60) + line("2"));
    expect(numbersOf(await stream.atLeast(3))).toEqual([0, "NaN", 2]);
    const id = stream.frames.find((frame) => numbersOf(frame.events).includes("NaN"))?.id;
    const again = await readStream(`${url}/stream?run_id=r`, id);
    expect(numbersOf(await again.atLeast(1))).toEqual([2]);
  });

  test("is refused for what is no run id", async () => {
    const { url } = await startTestServer();
    for (const id of ["..%2fx", "", "a%2fb"]) expect((await ask(url, `/stream?run_id=${id}`)).status).toBe(400);
  });

  test("is the same for all who listen, and one who is slow holds up nobody", async () => {
    const { url, write } = await startTestServer();
    const fast = await readStream(`${url}/stream?run_id=r`);
    const slow = await readStream(`${url}/stream?run_id=r`);
    slow.pause();
    const big = "x".repeat(10_000);
    for (let i = 0; i < 30; i++) {
      await write(updates(100, i * 100).map((each) => ({ ...each, big })));
    }
    expect(numbersOf(await fast.atLeast(3000))).toEqual(numbers(3000));
    expect(slow.frames.length).toBeLessThan(3000);
    slow.resume();
    expect(numbersOf(await slow.atLeast(3000))).toEqual(numbers(3000));
  });

  test("of a large batch is whole", async () => {
    const { url, write } = await startTestServer();
    await write(updates(100_000));
    const stream = await readStream(`${url}/stream?run_id=r&batch=1`);
    const seen = numbersOf(await stream.atLeast(100_000));
    expect(seen).toHaveLength(100_000);
    expect(seen.at(-1)).toBe(99_999);
  });
});

describe("the stream of all runs", () => {
  test("has what comes from now on, of all runs, new ones too, and says which are live", async () => {
    const { url, write } = await startTestServer();
    await write([init("old"), ...updates(3, 0, "old")]);
    await write([init("over"), finished("over")]);
    const stream = await readStream(`${url}/stream`);
    await until("the run that goes on", () => stream.frames.some((frame) => frame.events[0]?.event_type === "init"));
    expect(stream.frames.map((frame) => frame.events[0])).toEqual([
      { event_type: "connected" },
      { event_type: "init", run_id: "old", mode: "live" },
    ]);
    await write(updates(2, 3, "old"));
    await write([init("new"), ...updates(2, 100, "new"), finished("new")]);
    await write(updates(1, 5, "old"));
    const events = await stream.atLeast(8);
    const of = (runId: string): unknown[] => numbersOf(events.filter((each) => each.run_id === runId));
    expect(of("old")).toEqual([3, 4, 5]);
    expect(of("new")).toEqual([100, 101]);
  });

  test("follows a run that goes on after it had finished", async () => {
    const { url, write } = await startTestServer();
    const stream = await readStream(`${url}/stream`);
    await write([init(), ...updates(1), finished()]);
    await stream.atLeast(3);
    await write([init(), ...updates(1, 1), finished()]);
    expect((await stream.atLeast(6)).map((each) => each.event_type)).toEqual([
      ...["init", "client_update", "finished"],
      ...["init", "client_update", "finished"],
    ]);
  });

  test.each(["", "?batch=1"])(
    "resumes each run right behind what was sent, also runs that began meanwhile (%j)",
    async (query) => {
      const { url, write } = await startTestServer();
      await write([init("a"), ...updates(2, 0, "a")]);
      const first = await readStream(`${url}/stream${query}`);
      await until("the run that is there", () => first.frames.length >= 2);
      await write(updates(3, 2, "a"));
      await write([init("b"), ...updates(2, 0, "b")]);
      await first.atLeast(7);
      const { id } = first.frames.at(-1) ?? {};
      first.close();
      await write(updates(2, 5, "a"));
      await write(updates(2, 2, "b"));
      const later = { timestamp: "2026-11-23T09:00:00.000000+00:00", started_at: "2026-11-23T09:00:00.000000+00:00" };
      await write([{ ...init("c"), ...later }, ...updates(1, 0, "c")]);
      const second = await readStream(`${url}/stream${query}`, id);
      await second.note("connected");
      const isNote = (each: Record<string, unknown>): boolean =>
        each.event_type === "init" && each.algorithm === undefined;
      await until("what has come since", () => second.events.filter((each) => !isNote(each)).length >= 6);
      const events = second.events.filter((each) => !isNote(each));
      const of = (runId: string): unknown[] => numbersOf(events.filter((each) => each.run_id === runId));
      expect([of("a"), of("b"), of("c")]).toEqual([[5, 6], [2, 3], [0]]);
    },
  );

  test("tells whoever has had more of a run than there is, and goes on from now: its log was shortened", async () => {
    const { url, write } = await startTestServer();
    await write(updates(3));
    const first = await readStream(`${url}/stream`);
    await first.note("connected");
    await write(updates(1, 3));
    // Behind what says which runs go on.
    await first.atLeast(2);
    first.close();
    const [newest, ...positions] = JSON.parse(Buffer.from(first.lastId ?? "", "base64url").toString());
    expect(positions).toEqual([["r", 4]]);
    const further = Buffer.from(JSON.stringify([newest, ["r", 5]])).toString("base64url");
    const beyond = await readStream(`${url}/stream`, further);
    await beyond.ended;
    expect(beyond.frames.at(-1)).toMatchObject({ events: [{ event_type: "reload", reason: "lost" }] });
    const again = await readStream(`${url}/stream`, beyond.lastId);
    await again.note("connected");
    await write(updates(2, 4));
    expect(numbersOf((await again.atLeast(3)).slice(1))).toEqual(numbers(2, 4));
  });

  test("has ids that a browser can send back, however many runs there are", async () => {
    const dir = await temporaryFolder();
    const lines = `${JSON.stringify(init())}\n${JSON.stringify(finished())}\n`;
    for (let i = 0; i < 500; i++) await writeFile(join(dir, `a-saved-run-with-a-long-name-${i}.jsonl`), lines);
    const { url, write } = await startTestServer({ dir });
    await write([init("live")]);
    const stream = await readStream(`${url}/stream`);
    // It has seen which runs there are, which takes a while: what begins from now on is new to it.
    await until("the run that goes on", () => stream.events.some((each) => each.run_id === "live"));
    await write([init(), ...updates(2)]);
    await stream.atLeast(4);
    const { id = "" } = stream.frames.at(-1) ?? {};
    expect(id.length).toBeLessThan(1000);
    stream.close();
    await write(updates(1, 2));
    const again = await readStream(`${url}/stream`, id);
    await until("the update", () => numbersOf(again.events).length > 0);
    expect(numbersOf(again.events)).toEqual([2]);
  });

  test.each(["garbage", "W10", "", "bnVsbA"])(
    "takes the id %j, which is none of its own, in its stride",
    async (id) => {
      const { url, write, said } = await startTestServer();
      await write([init()]);
      const stream = await readStream(`${url}/stream`, id);
      await stream.atLeast(1);
      await write(updates(1));
      await until("the update", () => numbersOf(stream.events).length === 1);
      expect(said).toEqual([]);
    },
  );
});

test("a server that closes ends its streams, those in the middle of something too", async () => {
  const { url, server, write } = await startTestServer();
  await write(updates(3000).map((each) => ({ ...each, big: "x".repeat(5000) })));
  const streams = await Promise.all(
    ["/stream?run_id=r", "/stream?run_id=r&batch=1", "/stream", "/stream?run_id=none"].map((path) =>
      readStream(`${url}${path}`),
    ),
  );
  await server.close();
  await Promise.all(streams.map((stream) => stream.ended));
});

test.each(["", "&batch=1"])("a server that closes says nothing more to one who is slow (%j)", async (query) => {
  const { url, server, write } = await startTestServer();
  // Fewer than a frame holds at most, so that the note at their end comes right behind them.
  await write(updates(500).map((each) => ({ ...each, big: "x".repeat(30_000) })));
  const stream = await readStream(`${url}/stream?run_id=r${query}`);
  stream.pause();
  // By the time that another one has all of it, this one's buffers have long been full.
  await (await readStream(`${url}/stream?run_id=r${query}`)).note("caught_up");
  await server.close();
  stream.resume();
  await stream.ended;
  expect(stream.frames.some((frame) => frame.events[0]?.event_type === "caught_up")).toBe(false);
});

test("who goes away is not read for any more", async () => {
  const { store, write } = await startTestServer();
  await write([init(), ...updates(10)]);
  let readers = 0;
  let begun = 0;
  const counting: RunStore = {
    ...store,
    async *read(runId, options) {
      readers++;
      begun++;
      try {
        yield* store.read(runId, options);
      } finally {
        readers--;
      }
    },
  };
  const server = await startMapServer({ store: counting, port: 0 });
  onTestFinished(() => server.close());
  for (let i = 0; i < 20; i++) {
    const stream = await readStream(`${server.url}${i % 2 === 0 ? "/stream?run_id=r" : "/stream"}`);
    await stream.atLeast(1);
    stream.close();
  }
  await until("the readers to be gone", () => begun > 0 && readers === 0);
  expect(begun).toBeGreaterThanOrEqual(10);
});
