import { EventEmitter } from "node:events";
import type { ServerHttp2Session } from "node:http2";
import type { Server } from "@grpc/grpc-js";

/**
 * What a sender may send, by stream and by connection, before it hears that some of it was read. HTTP/2's own 64 KiB are
 * less than one large batch: each would come in pieces with a round trip behind each, and on a link of 100 ms no more than
 * 640 KiB a second.
 */
const WINDOW_BYTES = 4 * 1024 * 1024;

// `grpc-node.flow_control_window` is for clients alone (grpc/grpc-node#3058), so these go to what a server is made from.
// Where that is no more, the window stays as it is.

/** Has a server that is not bound yet offer the wider window for each stream. */
export function widenStreams(server: Server): void {
  const options: unknown = Reflect.get(server, "commonServerOptions");
  if (!(options instanceof Object)) return;
  const settings = Object.assign({}, Reflect.get(options, "settings"), { initialWindowSize: WINDOW_BYTES });
  Reflect.set(options, "settings", settings);
}

/** Has a server that is bound offer it for each connection. */
export function widenConnections(server: Server): void {
  const bound: unknown = Reflect.get(server, "http2Servers");
  for (const listener of bound instanceof Map ? bound.keys() : []) {
    if (listener instanceof EventEmitter) listener.on("session", widenSession);
  }
}

function widenSession(session: ServerHttp2Session): void {
  session.setLocalWindowSize(WINDOW_BYTES);
}
