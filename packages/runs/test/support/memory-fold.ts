import { gunzipSync, gzipSync } from "node:zlib";
import type { HiveEvent } from "@hivewatch/core";
import { encodePart } from "../../src/encode-part.ts";
import type { Place } from "../../src/frame-file.ts";
import { createMapFold, type MapFold } from "../../src/map-fold.ts";
import { mapSchema1 } from "../../src/map-schema-1.ts";
import type { WriteParts } from "../../src/round-shelf.ts";
import { takeUnit } from "../../src/take-unit.ts";

/** A fold whose frames are in memory. */
export interface MemoryFold extends MapFold {
  readonly write: WriteParts;
}

export function memoryFold({ partRows = 4, maxBytes = 0 } = {}): MemoryFold {
  const frames: Buffer[] = [];
  const load = ({ offset }: Place): Buffer => gunzipSync(frames[offset] ?? "");
  const fold = createMapFold("r", { partRows, maxBytes, load });
  const write: WriteParts = async (parts) =>
    parts.map((part) => {
      const bytes = gzipSync(encodePart(part, fold.fields.names));
      return { offset: frames.push(bytes) - 1, length: bytes.length };
    });
  return Object.assign(fold, { write });
}

/** The lines and the map in schema 1 of events. */
export function filesOfEvents(events: readonly HiveEvent[]): { lines: string; map: string } {
  const fold = memoryFold({ maxBytes: 2 ** 30 });
  const { lines } = takeUnit(fold, { kind: "events", events, position: events.length }, true);
  return { lines: [...lines].join(""), map: [...mapSchema1(fold)].join("") };
}
