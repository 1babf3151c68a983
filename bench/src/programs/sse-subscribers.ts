// Many browsers that watch one run, in one process. Each counts the events that it gets; one of them looks at their age.
// Arguments: the URL of the stream, how many subscribers, the byte that stands in each event exactly once.
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { quantile } from "../lib/statistics.ts";

const [url = "", count = "1", mark = "~"] = process.argv.slice(2);
const { hostname, port, host, pathname, search } = new URL(url);
const MARK = mark.charCodeAt(0);
const TIMESTAMP = /"timestamp":"([^"]+)"/g;

/** What one of them has got. The events are numbered behind their mark. */
interface Subscriber {
  events: number;
  /** How many are missing before the newest one, or have come again. */
  wrong: number;
}

const subscribers = Array.from({ length: Number(count) }, (): Subscriber => ({ events: 0, wrong: 0 }));
const agesMs: number[] = [];
let connected = 0;

for (const [i, subscriber] of subscribers.entries()) {
  const socket = connect(Number(port), hostname);
  socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nAccept: text/event-stream\r\n\r\n`);
  socket.once("data", (head: Buffer) => {
    if (!head.subarray(0, 32).includes(" 200 ")) throw new Error(head.toString("latin1"));
    if (++connected === subscribers.length) tell({ event: "ready" });
  });
  socket.on("data", (chunk: Buffer) => take(subscriber, chunk));
  socket.on("error", (error) => console.error(String(error)));
  if (i === 0) lookAtAges(socket);
}

function take(subscriber: Subscriber, chunk: Buffer): void {
  for (let at = chunk.indexOf(MARK); at >= 0; at = chunk.indexOf(MARK, at + 1)) subscriber.events++;
  const last = chunk.lastIndexOf(MARK);
  const number = /^.(\d+)\D/.exec(chunk.toString("latin1", last, last + 20))?.[1];
  // A number that is cut off says nothing; the next one does.
  if (last >= 0 && number !== undefined) subscriber.wrong = Math.abs(Number(number) + 1 - subscriber.events);
}

function lookAtAges(socket: Socket): void {
  let rest = "";
  socket.on("data", (chunk: Buffer) => {
    const now = Date.now();
    const text = rest + chunk.toString("latin1");
    const end = text.lastIndexOf("\n\n");
    rest = text.slice(end + 1);
    for (const [, time = ""] of text.slice(0, end + 1).matchAll(TIMESTAMP)) agesMs.push(now - Date.parse(time));
  });
}

function tell(what: Record<string, unknown>): void {
  console.log(JSON.stringify(what));
}

// `count`: the fewest that a subscriber has. `end`: everything.
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "count") tell({ fewest: Math.min(...subscribers.map(({ events }) => events)) });
  if (line !== "end") continue;
  const sum = (pick: (subscriber: Subscriber) => number): number =>
    subscribers.reduce((all, subscriber) => all + pick(subscriber), 0);
  tell({
    events: sum(({ events }) => events),
    wrong: sum(({ wrong }) => wrong),
    p50: quantile(agesMs, 0.5),
    p99: quantile(agesMs, 0.99),
  });
  process.exit();
}
