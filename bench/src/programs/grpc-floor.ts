// The least that a bridge could do: store the bytes as they come, and answer once they are on disk (group commit).
import { open } from "node:fs/promises";
import { join } from "node:path";
import { Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";
import { PUBLISH } from "../lib/publish-method.ts";

const [folder = "."] = process.argv.slice(2);
const file = await open(join(folder, "raw"), "a");
const ANSWER = Buffer.alloc(0);

let waiting: { readonly bytes: Buffer; readonly stored: () => void }[] = [];
let writing = false;

async function writeAll(): Promise<void> {
  if (writing) return;
  writing = true;
  while (waiting.length > 0) {
    const group = waiting;
    waiting = [];
    await file.appendFile(Buffer.concat(group.map(({ bytes }) => bytes)));
    await file.datasync();
    for (const { stored } of group) stored();
  }
  writing = false;
}

function publish(call: ServerDuplexStream<Buffer, Buffer>): void {
  let unanswered = 0;
  let ended = false;
  const answer = (): void => {
    call.write(ANSWER);
    unanswered--;
    if (ended && unanswered === 0) call.end();
  };
  call.on("data", (bytes: Buffer) => {
    unanswered++;
    waiting.push({ bytes, stored: answer });
    void writeAll();
  });
  call.on("end", () => {
    ended = true;
    if (unanswered === 0) call.end();
  });
  call.on("error", () => undefined);
}

const server = new Server({ "grpc.max_receive_message_length": 16 * 1024 * 1024 });
server.addService({ Publish: PUBLISH }, { Publish: publish });
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  console.log(JSON.stringify({ event: "ready", grpc: `127.0.0.1:${port}` }));
});
