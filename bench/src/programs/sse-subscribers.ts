// Many browsers that watch one run, in one process. Each counts the events that it gets; one of them looks at their age.
// Arguments: the URL of the stream, how many subscribers, the byte that stands in each event exactly once.
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { quantile } from "../lib/statistics.ts";

const [url = "", count = "1", mark = "~"] = process.argv.slice(2);
const { hostname, port, host, pathname, search } = new URL(url);
const MARK = mark.charCodeAt(0);
const TIMESTAMP = /"timestamp":"([^"]+)"/g;

const counts = new Array<number>(Number(count)).fill(0);
const agesMs: number[] = [];
let connected = 0;

for (let i = 0; i < counts.length; i++) {
  const socket = connect(Number(port), hostname);
  socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nAccept: text/event-stream\r\n\r\n`);
  socket.once("data", (head: Buffer) => {
    if (!head.subarray(0, 32).includes(" 200 ")) throw new Error(head.toString("latin1"));
    if (++connected === counts.length) tell({ event: "ready" });
  });
  socket.on("data", (chunk: Buffer) => {
    counts[i] = (counts[i] ?? 0) + marksIn(chunk);
  });
  socket.on("error", (error) => console.error(String(error)));
  if (i === 0) lookAtAges(socket);
}

function marksIn(chunk: Buffer): number {
  let found = 0;
  for (let at = chunk.indexOf(MARK); at >= 0; at = chunk.indexOf(MARK, at + 1)) found++;
  return found;
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
  const fewest = Math.min(...counts);
  if (line === "count") tell({ fewest });
  if (line !== "end") continue;
  tell({ total: counts.reduce((sum, each) => sum + each, 0), p50: quantile(agesMs, 0.5), p99: quantile(agesMs, 0.99) });
  process.exit();
}
