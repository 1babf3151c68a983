import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { bridgeEmitter } from "@hivewatch/bridge";
import { createRun, type HiveEvent } from "@hivewatch/core";
import { filesEmitter, openRunStore } from "@hivewatch/runs";
import {
  addressesOf,
  listen,
  runCommand,
  startCommand,
  startHivewatch,
  temporaryFolder,
  until,
} from "@hivewatch/test-support";
import { describe, expect, test } from "vitest";

/** A port that is taken as long as the test runs. */
const takenPort = (): Promise<number> => listen(createServer());

async function eventsOf(runsDir: string, runId: string): Promise<HiveEvent[]> {
  const events: HiveEvent[] = [];
  for await (const step of openRunStore({ dir: runsDir }).read(runId)) {
    for (const { event } of step.entries) events.push(event);
  }
  return events;
}

async function savedRun(runsDir: string, runId: string): Promise<void> {
  const run = createRun({ runId, emitters: [filesEmitter({ runsDir })] });
  expect(await run.finish()).toBe(true);
}

describe("hivewatch up", () => {
  test.each<NodeJS.Signals>(["SIGINT", "SIGTERM"])(
    "says where it listens, serves both, and ends in peace on %s",
    async (signal) => {
      const runsDir = join(await temporaryFolder(), "not", "there", "yet");
      const { http, grpc, program } = await startHivewatch({ runsDir });
      expect(program.stdout().trimEnd().split("\n")).toEqual([JSON.stringify({ event: "ready", http, grpc })]);
      expect(http).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      expect(grpc).toMatch(/^127\.0\.0\.1:\d+$/);
      const run = createRun({ runId: "r", emitters: [bridgeEmitter({ endpoint: grpc })] });
      run.logClientUpdate("a", { round: 1, local_loss: Number.NaN });
      expect(await run.finish()).toBe(true);
      // The page's server hears of what was stored a moment after whoever sent it.
      await until("all events", async () => {
        const events: unknown = await (await fetch(`${http}/runs/r/events`)).json();
        return Array.isArray(events) && events.length === 3;
      });
      program.signal(signal);
      expect(await program.exited).toEqual({ code: 0, signal: null });
      expect(program.stderr()).toBe("");
      expect((await readdir(runsDir)).sort()).toEqual(["r.jsonl", "r.log", "r.map.json", "r.map2", "r.map2.json"]);
    },
  );

  test("ends in peace while pages listen and a training sends", async () => {
    const { http, grpc, program } = await startHivewatch({ runsDir: await temporaryFolder() });
    const run = createRun({ runId: "r", emitters: [bridgeEmitter({ endpoint: grpc })] });
    const leave = new AbortController();
    const page = await fetch(`${http}/stream?run_id=r`, { signal: leave.signal });
    for (let i = 0; i < 1000; i++) run.logClientUpdate("a", { local_loss: i });
    program.signal("SIGTERM");
    expect(await program.exited).toEqual({ code: 0, signal: null });
    leave.abort();
    await page.body?.cancel().catch(() => undefined);
    expect(await run.finish({ timeoutMs: 1 })).toBe(false);
  });

  test("takes the next port if one is taken, and says so", async () => {
    const [port, grpcPort] = [await takenPort(), await takenPort()];
    const args = ["up", "--json", "--port", String(port), "--grpc-port", String(grpcPort)];
    const started = await startCommand(args);
    const { http, grpc } = await addressesOf(started);
    expect(http).not.toContain(`:${port}`);
    expect(grpc).not.toContain(`:${grpcPort}`);
    expect(started.stderr()).toContain(`Port ${port} is taken`);
    expect(started.stderr()).toContain(`Port ${grpcPort} is taken`);
    expect((await fetch(`${http}/health`)).status).toBe(200);
  });

  test("tells people in words", async () => {
    const started = await startCommand(["up", "--port", "0", "--grpc-port", "0", "--runs-dir", "here"]);
    await started.printed(/Ctrl-C stops it\./);
    expect(started.stdout()).toMatch(/Page +http:\/\/127\.0\.0\.1:\d+/);
    expect(started.stdout()).toMatch(/Bridge +127\.0\.0\.1:\d+/);
    expect(started.stdout()).toMatch(/Runs in +here/);
  });

  test("keeps runs where the environment says, unless the command line says otherwise", async () => {
    const [fromEnvironment, fromCommand] = [await temporaryFolder(), await temporaryFolder()];
    const env = { HIVEWATCH_RUNS_DIR: fromEnvironment };
    for (const [args, runsDir] of [
      [[], fromEnvironment],
      [["--runs-dir", fromCommand], fromCommand],
    ] as const) {
      const started = await startCommand(["up", "--json", "--port", "0", "--grpc-port", "0", ...args], env);
      const { grpc } = await addressesOf(started);
      const run = createRun({ runId: "r", emitters: [bridgeEmitter({ endpoint: grpc })] });
      expect(await run.finish()).toBe(true);
      expect(await readdir(runsDir)).toContain("r.log");
    }
  });

  test("removes the logs of runs that ended as long ago as it is told, and shows them all the same", async () => {
    const runsDir = await temporaryFolder();
    await savedRun(runsDir, "r");
    const { program } = await startHivewatch({ runsDir });
    program.signal("SIGTERM");
    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(await readdir(runsDir)).toContain("r.log");
    const keeping = await startHivewatch({ runsDir, args: ["--keep-logs", "0"] });
    await until("the log to go", async () => !(await readdir(runsDir)).some((name) => name.includes(".log")));
    await until("word of it", () => keeping.program.stderr().includes("Removed the logs of 1 runs"));
    expect(await (await fetch(`${keeping.http}/runs/r/events`)).json()).toHaveLength(2);
  });

  test.for([
    ["commit", true],
    ["os", false],
  ] as const)(
    "what is acknowledged with --durability %s was brought to the disk before: %s",
    async ([durability, isBefore], context) => {
      if (process.platform !== "linux") context.skip("what a process has open is read from /proc");
      const notes = join(await temporaryFolder(), "syncs");
      const { grpc, program } = await startHivewatch({
        runsDir: await temporaryFolder(),
        args: ["--durability", durability],
        env: { NODE_OPTIONS: `--import ${new URL("note-syncs.mjs", import.meta.url)}`, NOTE_SYNCS: notes },
      });
      const run = createRun({ runId: "r", emitters: [bridgeEmitter({ endpoint: grpc })] });
      const rounds = 5;
      for (let round = 0; round < rounds; round++) {
        run.logRound(round);
        await until("the acknowledgement", () => run.stats[0]?.queued === 0);
      }
      expect(await run.finish()).toBe(true);
      program.signal("SIGTERM");
      await program.exited;
      const names = (await readFile(notes, "utf8")).trimEnd().split("\n");
      const syncs = names.filter((name) => name.endsWith(`/r.log/${"0".repeat(20)}.seg`)).length;
      // It may be when the log is opened, and when it is closed.
      expect(syncs > rounds, `${syncs} syncs`).toBe(isBefore);
    },
  );

  test.each(["0.0.0.0", "::", "192.0.2.1", "example.org"])(
    "doesn't let others in at %s unless it is told to",
    async (host) => {
      const { code, stderr, stdout } = await runCommand(["up", "--host", host, "--port", "0", "--grpc-port", "0"]);
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toContain(`--host ${host}`);
      expect(stderr).toContain("--insecure");
      expect(stderr).not.toContain("    at ");
    },
  );

  test("lets others in if it is told to, and warns", async () => {
    const started = await startCommand([
      "up",
      "--json",
      "--host",
      "0.0.0.0",
      "--insecure",
      "--port",
      "0",
      "--grpc-port",
      "0",
    ]);
    const { http, grpc } = await addressesOf(started);
    expect(started.stderr()).toContain("whoever reaches this address");
    expect([http, grpc]).toEqual([
      expect.stringMatching(/^http:\/\/localhost:/),
      expect.stringMatching(/^0\.0\.0\.0:/),
    ]);
  });

  test("says at once that runs can't be kept", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "file"), "");
    for (const runsDir of [join(folder, "file"), join(folder, "file", "runs")]) {
      const { code, stderr } = await runCommand(["up", "--port", "0", "--grpc-port", "0", "--runs-dir", runsDir]);
      expect(code).toBe(1);
      expect(stderr).toContain(`runs can't be kept in ${runsDir}`);
      expect(stderr).toContain("--runs-dir");
      expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    }
  });
});

describe("hivewatch map run", () => {
  test("shows a folder, and ends in peace", async () => {
    const runsDir = await temporaryFolder();
    await savedRun(runsDir, "first");
    const started = await startCommand(["map", "run", "--runs-dir", runsDir, "--port", "0"]);
    await started.printed(/\(Ctrl-C to stop\)/);
    const [url] = /http:\S+/.exec(started.stdout()) ?? [];
    await savedRun(runsDir, "second");
    const answer = await fetch(`${url}/runs`);
    expect(await answer.json()).toMatchObject([{ run_id: "second" }, { run_id: "first" }]);
    started.signal("SIGINT");
    expect(await started.exited).toEqual({ code: 0, signal: null });
  });

  test.each(["only", "only.jsonl", "only.map.json"])("shows one run, %s, alone", async (name) => {
    const runsDir = await temporaryFolder();
    await savedRun(runsDir, "only");
    await savedRun(runsDir, "other");
    const started = await startCommand(["map", "run", "--runs-dir", runsDir, "--run-id", name, "--port", "0"]);
    await started.printed(/HiveWatch shows only at/);
    const [url] = /http:\S+/.exec(started.stdout()) ?? [];
    const answer = await fetch(`${url}/runs`);
    expect(await answer.json()).toMatchObject([{ run_id: "only" }]);
  });

  test("names the runs that there are if it is asked for another", async () => {
    const runsDir = await temporaryFolder();
    await savedRun(runsDir, "first");
    await savedRun(runsDir, "second");
    const { code, stderr } = await runCommand(["map", "run", "--runs-dir", runsDir, "--run-id", "third"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/there is no run third in .*: it holds second, first\n$/);
    const empty = await runCommand(["map", "run", "--runs-dir", await temporaryFolder(), "--run-id", "third"]);
    expect([empty.code, empty.stderr]).toEqual([1, expect.stringContaining("it holds no runs")]);
  });
});

describe("hivewatch demo", () => {
  test("plays into a bridge, and ends with it: all of it is in the log", async () => {
    const runsDir = await temporaryFolder();
    const { grpc } = await startHivewatch({ runsDir });
    const { code, stderr } = await runCommand([
      "demo",
      "--pace",
      "max",
      "--rounds",
      "3",
      "--clients",
      "5",
      "--endpoint",
      grpc,
    ]);
    expect([code, stderr.includes("Not all of it")]).toEqual([0, false]);
    const [listing] = await openRunStore({ dir: runsDir }).list();
    expect(listing).toMatchObject({ status: "completed", num_rounds: 3, num_clients: 5 });
    const events = await eventsOf(runsDir, listing?.run_id ?? "");
    expect([events[0]?.event_type, events.at(-1)?.event_type]).toEqual(["init", "finished"]);
    expect(events.filter((event) => event.event_type === "round_end")).toHaveLength(3);
  });

  test("finds the bridge by the environment", async () => {
    const runsDir = await temporaryFolder();
    const { grpc } = await startHivewatch({ runsDir });
    const { code } = await runCommand(["demo", "--pace", "max", "--rounds", "1", "--clients", "2"], {
      HIVEWATCH_ENDPOINT: grpc,
    });
    expect(code).toBe(0);
    expect(await openRunStore({ dir: runsDir }).list()).toHaveLength(1);
  });

  test("without a bridge says what is missing, and ends", async () => {
    const endpoint = `127.0.0.1:${await takenPort()}`;
    const { code, stderr } = await runCommand([
      "demo",
      "--pace",
      "max",
      "--rounds",
      "1",
      "--clients",
      "2",
      "--endpoint",
      endpoint,
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain(`there is no bridge at ${endpoint}: start one with \`hivewatch up\``);
  });
});

describe("the command line", () => {
  const OPTIONS: Record<string, string[]> = {
    up: [
      "--runs-dir",
      "--host",
      "--port",
      "--grpc-port",
      "--emit",
      "--durability",
      "--keep-logs",
      "--client-emitters",
      "--no-client-emitters",
      "--json",
      "--demo",
      "--insecure",
      "--allow-host",
      "--allow-embed",
    ],
    "map run": [
      "--runs-dir",
      "--host",
      "--port",
      "--run-id",
      "--poll-interval",
      "--insecure",
      "--allow-host",
      "--allow-embed",
    ],
    demo: ["--rounds", "--clients", "--seed", "--pace", "--endpoint"],
  };

  test.each(Object.entries(OPTIONS))("hivewatch %s --help tells of each option", async (command, options) => {
    const { code, stdout } = await runCommand([...command.split(" "), "--help"]);
    expect(code).toBe(0);
    const told = Array.from(stdout.matchAll(/^ +(?:-\w, )?(--[\w-]+)/gm), ([, option]) => option);
    expect([...new Set(told)].sort()).toEqual([...options, "--help"].sort());
  });

  test("--help tells of the commands and the environment, and --version the version", async () => {
    const { code, stdout } = await runCommand(["--help"], { HIVEWATCH_TOKEN: "my-secret", HIVEWATCH_ENDPOINT: "h:1" });
    expect(code).toBe(0);
    for (const word of ["up", "map", "demo", "HIVEWATCH_RUNS_DIR", "HIVEWATCH_ENDPOINT", "HIVEWATCH_TOKEN"]) {
      expect(stdout).toContain(word);
    }
    expect(stdout).not.toContain("my-secret");
    expect((await runCommand(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+/);
  });

  test.each([
    ["up --nonsense"],
    ["up --port abc"],
    ["up --port 65536"],
    ["up --port -1"],
    ["up --grpc-port 1.5"],
    ["up --durability none"],
    ["up --keep-logs soon"],
    ["up --allow-embed wiki.example"],
    ["up --allow-embed *"],
    ["map run --allow-embed https://wiki.example/page"],
    ["map run --allow-embed https://a.example;script-src"],
    ["up extra"],
    ["map run --poll-interval 0"],
    ["map run --poll-interval soon"],
    ["demo --rounds 0"],
    ["demo --clients 1"],
    ["demo --seed x"],
    ["demo --pace slow"],
    ["dashboard"],
    ["map"],
    [""],
  ])("hivewatch %s is refused, with help and without a trace", async (line) => {
    const { code, stderr } = await runCommand(line.split(" ").filter(Boolean));
    expect(code).toBe(1);
    expect(stderr).not.toBe("");
    expect(stderr).not.toContain("    at ");
  });
});
