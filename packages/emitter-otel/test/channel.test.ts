import { expect, it } from "vitest";
import { watchAnswers } from "../src/pipeline/answers.ts";
import { createChannel } from "../src/pipeline/channel.ts";
import type { Exporter } from "../src/pipeline/sdk.ts";

const NEVER = new AbortController().signal;

it("says that nothing is known of what is taken in part, where the exporter keeps that to itself", async () => {
  const said: string[] = [];
  const exporter: Exporter<string[]> = {
    export: (_items, onResult) => onResult({ code: 0 }),
    shutdown: async () => {},
  };
  const channel = createChannel<string, string[]>({
    route: { signal: "logs", protocol: "grpc", url: undefined, place: "there:4317", maxItems: 10 },
    exporter,
    wrap: (items) => items,
    watch: (listener) => watchAnswers(exporter, listener),
    say: (message) => said.push(message),
  });
  channel.push("a");
  expect(await channel.flush(NEVER)).toEqual({ refused: 0, reason: undefined, retry: undefined });
  expect(said).toEqual([expect.stringContaining("in part is not counted")]);
});
