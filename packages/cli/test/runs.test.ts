import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { createRun, decodeMapPart, parseLenientJson, parseMapHead } from "@hivewatch/core";
import { filesEmitter, openRunStore } from "@hivewatch/runs";
import { type Fields, fields, inRepository, list, runCommand, temporaryFolder } from "@hivewatch/test-support";
import { describe, expect, test } from "vitest";

const PYTHON = inRepository("tests/fixtures/python-hivewatch-0.2.1");
const PYTHON_RUN = "run-saved-0001";

async function folderWithRun(): Promise<string> {
  const runsDir = await temporaryFolder();
  const run = createRun({ runId: "run-ours-0001", algorithm: "FedAvg", emitters: [filesEmitter({ runsDir })] });
  for (let round = 0; round < 3; round++) {
    run.roundStart(round);
    for (let i = 0; i < 20; i++) run.logClientUpdate(`c${i}`, { round, local_loss: i / 7, lat: i, lng: 2, site: "x" });
    run.logRound(round, { global_accuracy: round / 10 });
  }
  expect(await run.finish()).toBe(true);
  return runsDir;
}

async function pythonFolder(): Promise<string> {
  const folder = await temporaryFolder();
  await cp(PYTHON, folder, { recursive: true });
  return folder;
}

async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const piece of pieces) text += piece;
  return text;
}

async function filesIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).sort();
}

describe("hivewatch runs export", () => {
  test("makes the same files from the log as were written with the run", async () => {
    const runsDir = await folderWithRun();
    const out = await temporaryFolder();
    const done = await runCommand([
      "runs",
      "export",
      "run-ours-0001",
      "--runs-dir",
      runsDir,
      "--jsonl",
      "--map",
      "--map1",
      "--out",
      out,
    ]);
    expect([done.code, done.stdout]).toEqual([0, ""]);
    expect(done.stderr).toContain("68 events, 3 rounds and 20 clients of run-ours-0001");
    for (const ending of ["jsonl", "map.json"]) {
      const name = `run-ours-0001.${ending}`;
      expect(await readFile(join(out, name), "utf8")).toBe(await readFile(join(runsDir, name), "utf8"));
    }
    const head = async (dir: string): Promise<object> => {
      // Where things stand depends on how often the map was saved while the run went on.
      const { frames, rounds, clients, notable, ...rest } = parseMapHead(
        await readFile(join(dir, "run-ours-0001.map2.json"), "utf8"),
      );
      const counts = [clients.count, notable.count];
      return { ...rest, rounds: rounds.map(({ parts: _, ...round }) => round), counts };
    };
    expect(await head(out)).toEqual(await head(runsDir));
    expect(await filesIn(out)).toEqual(
      ["jsonl", "map.json", "map2", "map2.json"].map((ending) => `run-ours-0001.${ending}`),
    );
  });

  test("makes lines and map of a run of Python hivewatch, from its lines alone", async () => {
    const runsDir = await pythonFolder();
    const out = await temporaryFolder();
    const done = await runCommand([
      "runs",
      "export",
      PYTHON_RUN,
      "--runs-dir",
      runsDir,
      "--out",
      out,
      "--map1",
      "--map",
      "--jsonl",
    ]);
    expect(done).toMatchObject({ code: 0, stdout: "" });
    const theirs = fields(parseLenientJson(await readFile(join(PYTHON, `${PYTHON_RUN}.map.json`), "utf8")));
    const ours = fields(JSON.parse(await readFile(join(out, `${PYTHON_RUN}.map.json`), "utf8")));
    expect(ours).toMatchObject({
      ...theirs,
      rounds: list(theirs.rounds).map(({ divergence, ...round }: Fields) => ({ ...round, divergence })),
    });
    const lines = (await readFile(join(out, `${PYTHON_RUN}.jsonl`), "utf8")).trimEnd().split("\n");
    const theirLines = (await readFile(join(PYTHON, `${PYTHON_RUN}.jsonl`), "utf8")).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).event_type)).toEqual(
      theirLines.map((line) => fields(parseLenientJson(line)).event_type),
    );
    const head = parseMapHead(await readFile(join(out, `${PYTHON_RUN}.map2.json`), "utf8"));
    const frames = await readFile(join(out, `${PYTHON_RUN}.map2`));
    for (const [i, round] of head.rounds.entries()) {
      const rows = round.parts.map(([at, length]) => decodeMapPart(gunzipSync(frames.subarray(at, at + length))).rows);
      expect(rows.reduce((sum, count) => sum + count, 0)).toBe(
        list(list(theirs.rounds).map(fields)[i]?.clients).length,
      );
    }
  });

  test("gives a run of Python hivewatch a map that the store takes for its own", async () => {
    const runsDir = await pythonFolder();
    expect(
      (await runCommand(["runs", "export", PYTHON_RUN, "--runs-dir", runsDir, "--map", "--out", runsDir])).code,
    ).toBe(0);
    const store = openRunStore({ dir: runsDir });
    const map = await store.map(PYTHON_RUN);
    expect(map?.head).toMatchObject({ run_id: PYTHON_RUN, jsonl_bytes: null });
    await map?.frames.close();
    const before = await textOf(store.mapText(PYTHON_RUN));
    await writeFile(
      join(runsDir, `${PYTHON_RUN}.jsonl`),
      '{"event_type":"client_update","timestamp":"2026-11-23T07:43:20+00:00","round":99,"clients":[{"client_id":"late"}]}\n',
      { flag: "a" },
    );
    const after = fields(JSON.parse(await textOf(store.mapText(PYTHON_RUN))));
    expect(list(after.rounds)).toEqual([
      ...list(fields(JSON.parse(before)).rounds),
      expect.objectContaining({ round: 99 }),
    ]);
  });

  test("reads the lines of a run that has a log too, if it is told to", async () => {
    const runsDir = await folderWithRun();
    const out = await temporaryFolder();
    const done = await runCommand([
      "runs",
      "export",
      "run-ours-0001",
      "--runs-dir",
      runsDir,
      "--from",
      "jsonl",
      "--map1",
      join(out, "m.json"),
    ]);
    expect(done).toMatchObject({ code: 0 });
    expect(JSON.parse(await readFile(join(out, "m.json"), "utf8"))).toEqual(
      JSON.parse(await readFile(join(runsDir, "run-ours-0001.map.json"), "utf8")),
    );
    expect(await filesIn(out)).toEqual(["m.json"]);
  });

  test("replaces nothing unless it is told to, and leaves nothing half made", async () => {
    const runsDir = await folderWithRun();
    const out = await temporaryFolder();
    await writeFile(join(out, "run-ours-0001.map2"), "mine");
    const args = ["runs", "export", "run-ours-0001", "--runs-dir", runsDir, "--out", out];
    const refused = await runCommand(args);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/run-ours-0001\.map2 is there already.*--force/);
    expect(await filesIn(out)).toEqual(["run-ours-0001.map2"]);
    expect((await runCommand([...args, "--force"])).code).toBe(0);
    expect(await filesIn(out)).toEqual(["jsonl", "map2", "map2.json"].map((ending) => `run-ours-0001.${ending}`));
  });

  test.each([
    [["nobody"], /there is no run "nobody"/],
    [["../etc"], /not the id of a run/],
    [[PYTHON_RUN, "--from", "log"], /has no log/],
    [[PYTHON_RUN, "--map", "x"], /must end with \.json/],
    [[], /missing required argument/],
  ])("says what is wrong with %j", async (args, message) => {
    const runsDir = await pythonFolder();
    const done = await runCommand(["runs", "export", ...args, "--runs-dir", runsDir]);
    expect(done.code).toBe(1);
    expect(done.stderr).toMatch(message);
    expect(done.stderr).not.toContain("    at ");
  });
});

describe("hivewatch runs list", () => {
  test("shows what there is", async () => {
    const runsDir = await folderWithRun();
    await cp(join(PYTHON, `${PYTHON_RUN}.jsonl`), join(runsDir, `${PYTHON_RUN}.jsonl`));
    const { stdout, code } = await runCommand(["runs", "list", "--runs-dir", runsDir]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^RUN +STATUS +ROUNDS +CLIENTS +EVENTS/);
    expect(stdout).toMatch(/^run-ours-0001 +completed +3 +20 +68 +20\.0 % /m);
    expect(stdout).toMatch(/^run-saved-0001 +completed +4 +4 /m);
    const json = await runCommand(["runs", "list", "--json", "--runs-dir", runsDir]);
    expect(
      json.stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).run_id)
        .sort(),
    ).toEqual(["run-ours-0001", PYTHON_RUN]);
  });

  test("says that there is nothing", async () => {
    const runsDir = await temporaryFolder();
    expect(await runCommand(["runs", "list", "--runs-dir", runsDir])).toMatchObject({
      code: 0,
      stdout: "",
      stderr: `There are no runs in ${runsDir}.\n`,
    });
  });
});
