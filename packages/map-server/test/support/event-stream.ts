import { request } from "node:http";
import { onTestFinished } from "vitest";
import { until } from "./until.ts";

export interface Frame {
  readonly id: string | undefined;
  /** The events of a frame, be it one or an array of them. */
  readonly events: Record<string, unknown>[];
  readonly isArray: boolean;
}

export interface EventStream {
  readonly frames: readonly Frame[];
  /** Whether the server has ended it. */
  readonly ended: boolean;
  /** Waits until so many events of runs have come, and returns all. */
  events(count: number): Promise<Record<string, unknown>[]>;
  /** Waits for a frame about the connection. */
  note(eventType: string): Promise<void>;
  /** Reads nothing more, until it reads again. */
  pause(): void;
  resume(): void;
  close(): void;
}

const NOTES: ReadonlySet<unknown> = new Set(["connected", "caught_up", "ping", "not_found"]);

/** Listens to server-sent events as a browser does. */
export async function listen(url: string, path: string, lastEventId?: string): Promise<EventStream> {
  const frames: Frame[] = [];
  let ended = false;
  let rest = "";
  const headers = lastEventId === undefined ? {} : { "Last-Event-ID": lastEventId };
  const asking = request(`${url}${path}`, { headers, agent: false });
  onTestFinished(() => void asking.destroy());
  const response = await new Promise<import("node:http").IncomingMessage>((resolve, reject) => {
    asking.on("response", resolve);
    asking.on("error", reject);
    asking.end();
  });
  asking.on("error", () => {});
  response.on("error", () => {});
  response.setEncoding("utf8");
  response.on("close", () => {
    ended = true;
  });
  response.on("data", (chunk: string) => {
    const parts = (rest + chunk).split("\n\n");
    rest = parts.pop() ?? "";
    for (const part of parts) frames.push(parseFrame(part));
  });

  const events = (): Record<string, unknown>[] =>
    frames.flatMap((frame) => frame.events).filter((event) => !NOTES.has(event.event_type));
  return {
    frames,
    get ended() {
      return ended;
    },
    async events(count) {
      await until(() => events().length >= count);
      return events();
    },
    async note(eventType) {
      await until(() => frames.some((frame) => frame.events.some((event) => event.event_type === eventType)));
    },
    pause: () => void response.pause(),
    resume: () => void response.resume(),
    close: () => void asking.destroy(),
  };
}

function parseFrame(text: string): Frame {
  const fields = new Map(
    text.split("\n").map((line): [string, string] => {
      const [name = ""] = line.split(": ", 1);
      return [name, line.slice(name.length + 2)];
    }),
  );
  const data: unknown = JSON.parse(fields.get("data") ?? "");
  return { id: fields.get("id"), events: Array.isArray(data) ? data : [data], isArray: Array.isArray(data) };
}
