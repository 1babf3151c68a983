import { createServer } from "node:http";
import { listen } from "@hivewatch/test-support";
import { emitterSuite } from "@hivewatch/testkit";
import { beforeAll, describe, it } from "vitest";
import { otelEmitter } from "../src/index.ts";

const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => response.end());
});
let endpoint: string;

beforeAll(async () => {
  endpoint = `http://127.0.0.1:${await listen(server)}`;
});

describe("over HTTP", () =>
  emitterSuite({ test: { describe, it }, create: () => otelEmitter({ endpoint, perClient: 50 }) }));

describe("as JSON", () =>
  emitterSuite({ test: { describe, it }, create: () => otelEmitter({ endpoint, protocol: "http/json" }) }));
