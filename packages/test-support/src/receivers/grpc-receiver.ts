import { createServer, type ServerHttp2Stream } from "node:http2";
import { listen } from "../listen.ts";

/** What a call is answered. */
export interface GrpcAnswer {
  /** gRPC's code; 0: it was taken. Default 0. */
  readonly status?: number;
  readonly message?: string;
  /** The response, encoded. Default: one of no fields. */
  readonly body?: Uint8Array;
}

/** A call that a {@link GrpcReceiver} has got. */
export interface GrpcCall {
  /** `/opentelemetry.proto.collector.trace.v1.TraceService/Export` */
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
  /** The request, encoded. */
  readonly body: Buffer;
}

/** A receiver of unary calls over gRPC, for answers that a real one can't be asked for. */
export interface GrpcReceiver {
  readonly endpoint: string;
  readonly calls: readonly GrpcCall[];
  /** How many connections are open. */
  readonly connections: number;
}

/** Five bytes, of which four are the length, precede each message. */
const PREFIX = 5;

/** Starts one, which takes no compressed requests. It is stopped after the test. */
export async function startGrpcReceiver(answerTo: (call: GrpcCall) => GrpcAnswer): Promise<GrpcReceiver> {
  const calls: GrpcCall[] = [];
  let connections = 0;
  const server = createServer();
  server.on("session", (session) => {
    connections++;
    session.on("close", () => connections--);
  });
  server.on("stream", (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      const body = Buffer.concat(chunks).subarray(PREFIX);
      const call = { path: String(headers[":path"]), headers, body };
      calls.push(call);
      answer(stream, answerTo(call));
    });
    stream.on("error", () => stream.destroy());
  });
  const endpoint = `http://127.0.0.1:${await listen(server)}`;
  return {
    endpoint,
    calls,
    get connections() {
      return connections;
    },
  };
}

function answer(stream: ServerHttp2Stream, { status = 0, message = "", body = new Uint8Array() }: GrpcAnswer): void {
  const trailers = { "grpc-status": String(status), "grpc-message": encodeURIComponent(message) };
  const headers = { ":status": 200, "content-type": "application/grpc" };
  if (status !== 0) {
    stream.respond({ ...headers, ...trailers }, { endStream: true });
    return;
  }
  const prefix = Buffer.alloc(PREFIX);
  prefix.writeUInt32BE(body.length, 1);
  stream.respond(headers, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  stream.end(Buffer.concat([prefix, body]));
}
