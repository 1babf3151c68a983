import { consoleEmitter, memoryEmitter } from "@hivewatch/core";
import { describe, it } from "vitest";
import { emitterSuite } from "../src/index.ts";
import { accuracyEmitter } from "./examples/accuracy-emitter.ts";

describe("memoryEmitter", () => {
  emitterSuite({ test: { describe, it }, create: memoryEmitter });
});

describe("consoleEmitter", () => {
  emitterSuite({ test: { describe, it }, create: () => consoleEmitter({ print: () => {} }) });
});

describe("an emitter with one hook, made asynchronously", () => {
  emitterSuite({
    test: { describe, it },
    create: async () => ({ ...accuracyEmitter, onRound: () => Promise.resolve() }),
  });
});
