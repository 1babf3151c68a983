import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { parseEvent } from "@hivewatch/core";
import { listen, temporaryFolder } from "@hivewatch/test-support";
import { expect, it, onTestFinished, vi } from "vitest";
import { mlflowEmitter } from "../src/index.ts";

const WEIGHTS = randomBytes(350_000);
const NEVER = new AbortController().signal;

/**
 * Stands for an MLflow server whose artifacts are in S3, and for that S3 too: a real one is no part of the tests.
 *
 * @param refuse - whether a part is refused, told its number and the attempt at it
 */
async function startStandIn(refuse: (part: number, attempt: number) => boolean) {
  const calls: string[] = [];
  const parts = new Map<string, Buffer>();
  const authorized: unknown[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const path = request.url ?? "";
    const part = /^\/store\/(\d+)$/.exec(path)?.[1];
    if (part !== undefined) {
      authorized.push(request.headers.authorization);
      calls.push(part);
      if (refuse(Number(part), calls.filter((each) => each === part).length)) response.writeHead(503).end();
      else response.writeHead(200, { etag: `"${part}"` }).end();
      parts.set(part, body);
      return;
    }
    const mpu = /\/mpu\/(\w+)\/(.*)$/.exec(path);
    if (mpu !== null) calls.push(`${mpu[1]} ${mpu[2]} ${body}`);
    const number = mpu?.[1] === "create" ? JSON.parse(String(body)).num_parts : 0;
    response.end(
      JSON.stringify({
        multipart_uploads_enabled: true,
        experiment: { experiment_id: "1", lifecycle_stage: "active" },
        run: { info: { run_id: "m", experiment_id: "1", artifact_uri: "mlflow-artifacts:/1/m/artifacts" } },
        upload_id: "u",
        credentials: Array.from({ length: number }, (_, i) => ({ url: `${url}/store/${i + 1}`, part_number: i + 1 })),
        files: [{ path: "w.bin", file_size: WEIGHTS.length }],
      }),
    );
  });
  const url = `http://127.0.0.1:${await listen(server)}`;
  return { url, calls, parts, authorized };
}

async function sendCheckpoint(url: string) {
  const checkpointDir = await temporaryFolder();
  await writeFile(join(checkpointDir, "w.bin"), WEIGHTS);
  vi.stubEnv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", "300000");
  vi.stubEnv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", "100000");
  vi.stubEnv("MLFLOW_TRACKING_TOKEN", "for MLflow alone");
  onTestFinished(() => void vi.unstubAllEnvs());
  const emitter = mlflowEmitter({ trackingUri: url, checkpointDir });
  onTestFinished(() => emitter.finish?.());
  const fields = { run_id: "r", timestamp: "2026-01-01T00:00:00Z", event_type: "checkpoint", round: 1, path: "w.bin" };
  return emitter.write([parseEvent(fields)], NEVER);
}

it("a large file goes to the store in parts; one that fails is sent again by itself", async () => {
  const { url, calls, parts, authorized } = await startStandIn((part, attempt) => part === 2 && attempt === 1);
  expect(await sendCheckpoint(url)).toEqual({ status: "delivered" });
  const sorted = [...parts].sort(([a], [b]) => Number(a) - Number(b)).map(([, body]) => body);
  expect(sorted.map(({ length }) => length)).toEqual([100_000, 100_000, 100_000, 50_000]);
  expect(Buffer.concat(sorted).equals(WEIGHTS)).toBe(true);
  expect(new Set(authorized)).toEqual(new Set([undefined]));
  const folder = "1/m/artifacts/checkpoints/round_0001";
  expect(calls[0]).toBe(`create ${folder} {"path":"w.bin","num_parts":4}`);
  expect(calls.slice(1, -1).sort()).toEqual(["1", "2", "2", "3", "4"]);
  const sent = [1, 2, 3, 4].map((part) => ({ part_number: part, etag: `"${part}"`, url: `${url}/store/${part}` }));
  expect(calls.at(-1)).toBe(`complete ${folder} ${JSON.stringify({ path: "w.bin", upload_id: "u", parts: sent })}`);
});

it("an upload whose parts are not taken is given up at the store, and tried again", async () => {
  const { url, calls } = await startStandIn((part) => part === 3);
  expect(await sendCheckpoint(url)).toMatchObject({
    status: "retry",
    reason: expect.stringMatching(/^the store at .*, which MLflow named, answered HTTP 503$/),
  });
  expect(calls.at(-1)).toMatch(/^abort .* \{"path":"w\.bin","upload_id":"u"\}$/);
});
