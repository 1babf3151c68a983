import type { InitEvent } from "@hivewatch/core";
import type { RunStore } from "@hivewatch/runs";

/** An emitter that a program wants for its run, as its `init` event says so. */
export interface Declaration {
  readonly name: string;
  /** Under the names that Python hivewatch has for them. From outside: any values. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** More is a mistake, if not worse. */
const MAX_DECLARATIONS = 16;

/** What a run declares with its beginning. What is no declaration is passed over. */
export function declarationsIn({ emitters }: InitEvent): Declaration[] {
  return Array.isArray(emitters) ? emitters.slice(0, MAX_DECLARATIONS).flatMap(declaration) : [];
}

/**
 * Finds in a run's log what it declared about an emitter, the first time if there are several.
 *
 * @throws HiveWatchError `not_found`
 */
export async function findDeclaration(store: RunStore, runId: string, name: string): Promise<Declaration | undefined> {
  for await (const { entries } of store.read(runId)) {
    for (const { event } of entries) {
      if (!isInit(event)) continue;
      const found = declarationsIn(event).find((declared) => declared.name === name);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function isInit(event: { event_type: string }): event is InitEvent {
  return event.event_type === "init";
}

function declaration(value: unknown): Declaration[] {
  if (typeof value !== "object" || value === null || !("name" in value) || typeof value.name !== "string") return [];
  const options = "options" in value ? value.options : undefined;
  return [{ name: value.name, options: typeof options === "object" && options !== null ? { ...options } : {} }];
}
