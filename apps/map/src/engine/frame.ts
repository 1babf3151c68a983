import { type HiveEvent, parseEvent, parseLenientJson } from "@hivewatch/core";

/** What the server says about the connection, not the run. */
export const NOTICES = ["connected", "caught_up", "ping", "not_found", "stream_end", "reload"] as const;

/** One of {@link NOTICES}. */
export type Notice = (typeof NOTICES)[number];

/** What one frame of the stream holds. */
export interface Frame {
  readonly notices: readonly Notice[];
  readonly events: readonly HiveEvent[];
}

/** Reads the data of a frame. What can't be read is left out: one bad event must not hide the rest. */
export function parseFrame(data: string): Frame {
  const notices: Notice[] = [];
  const events: HiveEvent[] = [];
  for (const item of itemsOf(data)) {
    const notice = NOTICES.find((name) => isOfType(item, name));
    if (notice !== undefined) notices.push(notice);
    else {
      const event = tryParse(item);
      if (event !== undefined) events.push(event);
    }
  }
  return { notices, events };
}

function itemsOf(data: string): readonly unknown[] {
  try {
    const value = parseLenientJson(data);
    return Array.isArray(value) ? value : [value];
  } catch {
    return [];
  }
}

function isOfType(item: unknown, type: string): boolean {
  return typeof item === "object" && item !== null && "event_type" in item && item.event_type === type;
}

function tryParse(item: unknown): HiveEvent | undefined {
  try {
    return parseEvent(item);
  } catch {
    return undefined;
  }
}

/**
 * Whether a frame was applied before. Ids are positions in the run's log, so they only grow.
 *
 * @param last - the id of the newest applied frame, "" if none
 */
export function isRepeat(last: string, id: string): boolean {
  if (last === "" || id === "") return false;
  return id === last || Number(id) <= Number(last);
}
