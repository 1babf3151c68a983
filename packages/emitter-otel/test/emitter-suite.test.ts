import { createServer } from "node:http";
import { emitterSuite } from "@hivewatch/testkit";
import { afterAll, beforeAll, describe, it } from "vitest";
import { otelEmitter } from "../src/index.ts";

const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => response.end());
});
let endpoint: string;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address === "object") endpoint = `http://127.0.0.1:${address?.port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe("over HTTP", () =>
  emitterSuite({ test: { describe, it }, create: () => otelEmitter({ endpoint, perClient: 50 }) }));

describe("as JSON", () =>
  emitterSuite({ test: { describe, it }, create: () => otelEmitter({ endpoint, protocol: "http/json" }) }));
