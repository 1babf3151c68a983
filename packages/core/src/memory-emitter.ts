import type { BatchEmitter } from "./emitter.ts";
import type { HiveEvent } from "./events.ts";

/** An emitter that keeps the events, for tests and notebooks. */
export interface MemoryEmitter extends BatchEmitter {
  readonly events: readonly HiveEvent[];
}

export function memoryEmitter(): MemoryEmitter {
  const events: HiveEvent[] = [];
  return {
    name: "memory",
    specVersion: 1,
    events,
    write(batch) {
      events.push(...batch);
      return { status: "delivered" };
    },
  };
}
