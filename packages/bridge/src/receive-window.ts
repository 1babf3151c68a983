import { EventEmitter } from "node:events";
import type { ServerHttp2Session } from "node:http2";
import type { Server } from "@grpc/grpc-js";

/**
 * What a sender may send, by stream and by connection, before it hears that some of it was read. HTTP/2's own 64 KiB are
 * less than one large batch: each would come in pieces with a round trip behind each, and on a link of 100 ms no more than
 * 640 KiB a second.
 */
const WINDOW_BYTES = 4 * 1024 * 1024;

/**
 * Has a server offer a wider window for what it receives. It is called twice, before the server is bound for its streams
 * and afterwards for its connections.
 *
 * `grpc-node.flow_control_window` is for clients alone (grpc/grpc-node#3058), so this goes to what a server is made from.
 * Where that is no more, the window stays as it is.
 */
export function widenReceiveWindow(server: Server): void {
  const options: unknown = Reflect.get(server, "commonServerOptions");
  if (isObject(options)) {
    const settings: unknown = Reflect.get(options, "settings");
    Reflect.set(options, "settings", { ...(isObject(settings) && settings), initialWindowSize: WINDOW_BYTES });
  }
  const bound: unknown = Reflect.get(server, "http2Servers");
  for (const listener of bound instanceof Map ? bound.keys() : []) {
    if (listener instanceof EventEmitter) listener.on("session", widenSession);
  }
}

function widenSession(session: ServerHttp2Session): void {
  session.setLocalWindowSize(WINDOW_BYTES);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
