import { expect, it } from "vitest";
import { type HookEmitter, openDestination } from "../src/index.ts";
import { eventsOf, update } from "./events-of.ts";

const NEVER = new AbortController().signal;

it("an emitter with hooks that goes on with a run knows its open rounds, and is told of the run itself alone", async () => {
  const told: unknown[] = [];
  const emitter: HookEmitter = {
    name: "hooks",
    onInit: ({ run_id }) => void told.push(run_id),
    onClientUpdate: ({ client_id }) => void told.push(client_id),
    onRound: ({ clients_loss }) => void told.push(clients_loss),
  };
  const before = eventsOf(
    { event_type: "init", started_at: "2026-11-23T07:43:20Z", algorithm: "FedAvg", config: {} },
    update("a", 1, { local_loss: 1 }),
  );
  const after = eventsOf(update("b", 1, { local_loss: 3 }), { event_type: "round_end", round: 1, round_metrics: {} });
  const destination = openDestination(emitter);
  await destination.recall?.(before);
  expect(await destination.deliver(after, NEVER)).toBe(true);
  expect(told).toEqual([before[0]?.run_id, "b", 2]);
  expect(destination.stats).toMatchObject({ delivered: 2, refused: 0 });
});

it("an emitter that takes batches is told of nothing twice", () => {
  const emitter = { name: "batches", write: () => ({ status: "delivered" as const }), recall: 0.9 };
  expect(openDestination(emitter).recall).toBeUndefined();
});
