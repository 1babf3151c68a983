import { type IncomingMessage, request } from "node:http";
import { afterwards } from "./afterwards.ts";
import { type Fields, fields, list } from "./fields.ts";
import { until } from "./until.ts";

export interface Frame {
  readonly id: string | undefined;
  /** The events of a frame, be it one or an array of them. */
  readonly events: readonly Fields[];
  readonly isArray: boolean;
}

/** What came over a stream so far. */
export interface EventStream {
  readonly frames: readonly Frame[];
  /** The events of runs, without those about the connection. */
  readonly events: readonly Fields[];
  /** The id of the last frame that had one, or else the one that it began with. */
  readonly lastId: string | undefined;
  /** When the connection has ended, from whichever side. */
  readonly ended: Promise<void>;
  /** Waits until so many events of runs have come, and returns all. */
  atLeast(count: number): Promise<readonly Fields[]>;
  /** Waits for a frame about the connection. */
  note(eventType: string): Promise<void>;
  /** Waits for the run's end, and returns all its events. */
  finished(): Promise<readonly Fields[]>;
  /** Reads nothing more, until it reads again. */
  pause(): void;
  resume(): void;
  close(): void;
}

const NOTES: ReadonlySet<unknown> = new Set(["connected", "caught_up", "ping", "not_found", "stream_end", "reload"]);

/**
 * Reads server-sent events as a browser does, without connecting again.
 *
 * @param lastId - the id of the last frame that was received before
 */
export async function readStream(url: string, lastId?: string): Promise<EventStream> {
  const frames: Frame[] = [];
  const events: Fields[] = [];
  let newestId = lastId;
  let rest = "";
  const headers = lastId === undefined ? {} : { "Last-Event-ID": lastId };
  const asking = request(url, { headers, agent: false });
  afterwards(() => void asking.destroy());
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    asking.on("response", resolve);
    asking.on("error", reject);
    asking.end();
  });
  if (response.statusCode !== 200) throw new Error(`${url} answered ${response.statusCode}`);
  // That the other side breaks it off is an end like any other.
  response.on("error", () => {});
  const ended = new Promise<void>((resolve) => response.on("close", resolve));
  response.setEncoding("utf8").on("data", (chunk: string) => {
    const parts = (rest + chunk).split("\n\n");
    rest = parts.pop() ?? "";
    for (const frame of parts.map(parseFrame)) {
      frames.push(frame);
      newestId = frame.id ?? newestId;
      events.push(...frame.events.filter((event) => !NOTES.has(event.event_type)));
    }
  });

  return {
    frames,
    events,
    get lastId() {
      return newestId;
    },
    ended,
    async atLeast(count) {
      await until(`${count} events from ${url}`, () => events.length >= count);
      return events;
    },
    async note(eventType) {
      await until(`${eventType} from ${url}`, () =>
        frames.some((frame) => frame.events.some((event) => event.event_type === eventType)),
      );
    },
    async finished() {
      await until(`finished from ${url}`, () => events.at(-1)?.event_type === "finished");
      return events;
    },
    pause: () => void response.pause(),
    resume: () => void response.resume(),
    close: () => void asking.destroy(),
  };
}

function parseFrame(text: string): Frame {
  const parts = new Map(
    text.split("\n").map((line): [string, string] => {
      const [name = ""] = line.split(": ", 1);
      return [name, line.slice(name.length + 2)];
    }),
  );
  const data: unknown = JSON.parse(parts.get("data") ?? "");
  const isArray = Array.isArray(data);
  return { id: parts.get("id"), events: isArray ? list(data) : [fields(data)], isArray };
}
