import { expect, it } from "vitest";
import { type BatchEmitter, type HookEmitter, newDeliveryStats, openDestination } from "../src/index.ts";
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

it("an emitter that takes batches is told of nothing twice, unless it asks for that", async () => {
  const write = () => ({ status: "delivered" as const });
  expect(openDestination({ name: "batches", write }).recall).toBeUndefined();
  const recalled: unknown[] = [];
  const recall = (batch: readonly unknown[]) => void recalled.push(...batch);
  const before = eventsOf(update("a", 1), update("b", 1));
  await openDestination({ name: "batches", write, recall }).recall?.(before);
  expect(recalled).toEqual(before);
});

it("tells why it is trying again once for each reason", async () => {
  const reasons = ["away", "away", "no entry", "no entry", "away"];
  const emitter: BatchEmitter = {
    name: "batches",
    write() {
      const reason = reasons.shift();
      return reason === undefined ? { status: "delivered" } : { status: "retry", afterMs: 0, reason };
    },
  };
  const said: string[] = [];
  const destination = openDestination(emitter, { onDiagnostic: (message) => said.push(message) });
  await destination.deliver(eventsOf(update("a", 1)), NEVER);
  expect(said).toEqual(["away", "no entry", "away"].map((reason) => `[batches] trying again: ${reason}`));
  expect(destination.stats).toMatchObject({ retries: 5, delivered: 1 });
});

it("destinations that are told as one count in the same place", async () => {
  const stats = newDeliveryStats("both");
  const emitter: BatchEmitter = { name: "each", write: () => ({ status: "delivered" }) };
  for (const id of ["a", "b"]) await openDestination(emitter, { stats }).deliver(eventsOf(update(id, 1)), NEVER);
  expect(stats).toEqual({ name: "both", queued: 0, delivered: 2, dropped: 0, refused: 0, retries: 0 });
});
