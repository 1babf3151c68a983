import { connect } from "node:http2";

/** Sends a message to the bridge's unary method as it is, whatever it is. @returns the bytes of the answer */
export function sendMessage(grpc: string, message: Uint8Array): Promise<Buffer> {
  const session = connect(`http://${grpc}`);
  const stream = session.request({
    ":method": "POST",
    ":path": "/hivewatch.v1.Ingest/PublishOne",
    "content-type": "application/grpc",
    te: "trailers",
  });
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([prefix, message]));
  const pieces: Buffer[] = [];
  stream.on("data", (piece: Buffer) => pieces.push(piece));
  return new Promise<Buffer>((resolve, reject) => {
    stream.on("error", reject);
    stream.on("end", () => resolve(Buffer.concat(pieces).subarray(5)));
  }).finally(() => session.close());
}
