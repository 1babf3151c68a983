import type { HiveEvent } from "@hivewatch/core";
import { openRunStore, type RunStore } from "@hivewatch/runs";
import { temporaryFolder } from "@hivewatch/test-support";
import { onTestFinished } from "vitest";
import { type Bridge, type RunNotices, startBridge } from "../../src/index.ts";

export interface TestBridge {
  readonly bridge: Bridge;
  readonly store: RunStore;
  /** What the bridge told. */
  readonly said: readonly string[];
}

interface TestBridgeOptions {
  dir?: string;
  port?: number;
  keepaliveMs?: number;
  notices?: RunNotices;
}

/** Starts a bridge that ends with the test. */
export async function startTestBridge(options: TestBridgeOptions = {}): Promise<TestBridge> {
  const { dir, port = 0, keepaliveMs, notices } = options;
  const said: string[] = [];
  const onDiagnostic = (message: string): number => said.push(message);
  const store = openRunStore({ dir: dir ?? (await temporaryFolder()), onDiagnostic });
  const bridge = await startBridge({ store, port, notices, onDiagnostic }, keepaliveMs);
  onTestFinished(() => bridge.close());
  return { bridge, store, said };
}

export async function eventsOf(store: RunStore, runId = "r"): Promise<HiveEvent[]> {
  const events: HiveEvent[] = [];
  for await (const step of store.read(runId)) for (const { event } of step.entries) events.push(event);
  return events;
}

/** The numbers of the events that a raw client has sent. */
export async function numbersOf(store: RunStore, runId = "r"): Promise<unknown[]> {
  return (await eventsOf(store, runId)).map(({ clients }) =>
    Array.isArray(clients) ? clients[0]?.local_loss : undefined,
  );
}

export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
