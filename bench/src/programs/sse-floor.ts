// The least that a live stream could do: one buffer each 100 ms, which is written to every subscriber.
// Arguments: events a second, how many of them.
import { createServer, type ServerResponse } from "node:http";
import { createInterface } from "node:readline";

const [rate = "1000", total = "1000"] = process.argv.slice(2);
/** How often events come, and how often they are sent on. */
const TICK_MS = 50;
const FRAME_MS = 100;
/** Who has so much before them gets no more; and since all get the same, nobody does until they have read it. */
const MAX_WAITING_BYTES = 1024 * 1024;

const subscribers = new Set<ServerResponse>();
const server = createServer((_, response) => {
  response.useChunkedEncodingByDefault = false;
  response.writeHead(200, { "Content-Type": "text/event-stream", Connection: "close" });
  response.write(": hello\n\n");
  subscribers.add(response);
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  console.log(JSON.stringify({ event: "ready", grpc: "none", http: `http://127.0.0.1:${port}` }));
});

let sent = 0;
let waiting: Record<string, unknown>[] = [];

function addEvents(due: number): void {
  const timestamp = new Date().toISOString();
  for (; sent < due; sent++) {
    const clients = [{ client_id: `~${sent}`, round: 1, local_accuracy: Math.random(), local_loss: Math.random() }];
    waiting.push({ event_type: "client_update", run_id: "run", timestamp, round: 1, clients });
  }
}

function writeFrame(): void {
  if (waiting.length === 0) return;
  for (const { writableLength } of subscribers) if (writableLength > MAX_WAITING_BYTES) return;
  const frame = Buffer.from(`id: ${sent}\ndata: ${JSON.stringify(waiting)}\n\n`);
  waiting = [];
  for (const subscriber of subscribers) subscriber.write(frame);
}

createInterface({ input: process.stdin }).once("line", () => {
  const begun = performance.now();
  const adding = setInterval(() => {
    addEvents(Math.min(Number(total), Math.floor(((performance.now() - begun) / 1000) * Number(rate))));
    if (sent >= Number(total)) clearInterval(adding);
  }, TICK_MS);
  const writing = setInterval(() => {
    writeFrame();
    if (sent >= Number(total) && waiting.length === 0) clearInterval(writing);
  }, FRAME_MS);
});
