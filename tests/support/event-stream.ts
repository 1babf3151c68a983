import { afterwards } from "./afterwards.ts";
import { type Fields, fields } from "./json.ts";
import { eventually } from "./until.ts";

/** What came over a stream so far. */
export interface EventStream {
  /** The run's events, without those about the connection. */
  readonly events: Fields[];
  /** Types of the events about the connection, in order. */
  readonly notices: string[];
  /** The id of the last frame that had one. */
  readonly lastId: string | undefined;
  /** When the connection has ended, from whichever side. */
  readonly ended: Promise<void>;
  /** Waits for the run's end. */
  finished(): Promise<Fields[]>;
  close(): void;
}

const NOTICES: ReadonlySet<unknown> = new Set(["connected", "caught_up", "ping", "not_found"]);

/**
 * Reads server-sent events as a browser does, without connecting again.
 *
 * @param lastId - the id of the last frame that was received before
 */
export async function readStream(url: string, lastId?: string): Promise<EventStream> {
  const abort = new AbortController();
  const headers = lastId === undefined ? {} : { "Last-Event-ID": lastId };
  const response = await fetch(url, { headers, signal: abort.signal });
  if (response.body === null) throw new Error(`${url} answered ${response.status} without a body`);
  const received = { events: [] as Fields[], notices: [] as string[], lastId };
  const reading = read(response.body, received).catch(() => undefined);
  const close = (): void => abort.abort();
  afterwards(async () => {
    close();
    await reading;
  });
  return Object.assign(received, {
    ended: reading,
    close,
    async finished() {
      await eventually(() => {
        if (received.events.at(-1)?.event_type !== "finished") throw new Error(`no finished came from ${url}`);
      });
      return received.events;
    },
  });
}

async function read(
  body: ReadableStream<Uint8Array>,
  received: { events: Fields[]; notices: string[]; lastId: string | undefined },
): Promise<void> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const bytes of body) {
    const frames = (text + decoder.decode(bytes, { stream: true })).split("\n\n");
    text = frames.pop() ?? "";
    for (const frame of frames) take(frame, received);
  }
}

function take(frame: string, received: { events: Fields[]; notices: string[]; lastId: string | undefined }): void {
  const field = (name: string): string | undefined => frame.match(new RegExp(`^${name}: ?(.*)$`, "m"))?.[1];
  received.lastId = field("id") ?? received.lastId;
  const data: unknown = JSON.parse(field("data") ?? "[]");
  for (const event of (Array.isArray(data) ? data : [data]).map(fields)) {
    if (NOTICES.has(event.event_type)) received.notices.push(String(event.event_type));
    else received.events.push(event);
  }
}
