import { stringifyEvent } from "@hivewatch/core";
import type { LogEntry } from "@hivewatch/runs";

/** How events stand in a stream: one a message, or arrays of them. */
export type Form = "single" | "batch";

/** Messages that are written together, and how many entries they hold. */
export interface EncodedFrame {
  readonly data: Buffer;
  readonly count: number;
}

const MAX_EVENTS = 1000;
/** A frame that has come to this length takes no further event. */
const ENOUGH_CHARS = 256 * 1024;

/**
 * Encodes entries as server-sent events: as many from the start on as one frame may hold, and one at least.
 *
 * @param idAfter - the id that a browser sends back to go on behind the entry of that index
 */
export function encodeFrame(
  entries: readonly LogEntry[],
  form: Form,
  idAfter: (index: number) => string,
): EncodedFrame {
  const texts: string[] = [];
  for (let length = 0; texts.length < entries.length && texts.length < MAX_EVENTS && length < ENOUGH_CHARS; ) {
    const event = stringifyEvent(entries[texts.length]?.event);
    texts.push(form === "batch" ? event : message(event, idAfter(texts.length)));
    length += event.length;
  }
  const count = texts.length;
  const text = form === "batch" ? message(`[${texts.join(",")}]`, idAfter(count - 1)) : texts.join("");
  return { data: Buffer.from(text), count };
}

/** Encodes a message about the connection itself. */
export function encodeNote(note: Readonly<Record<string, unknown>>, form: Form, id?: string): Buffer {
  const data = stringifyEvent(form === "batch" ? [note] : note);
  return Buffer.from(id === undefined ? `data: ${data}\n\n` : message(data, id));
}

function message(data: string, id: string): string {
  return `id: ${id}\ndata: ${data}\n\n`;
}
