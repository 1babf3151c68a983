import {
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
  request as sendRequest,
} from "node:http";
import { createConnection, createServer, type Socket } from "node:net";
import { listen } from "@hivewatch/test-support";

/** What a receiver behind HTTP does with a request: takes it, or answers by itself. */
type Behaviour = "take" | HttpAnswer;

interface HttpAnswer {
  readonly status: number;
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the real receiver gets the request all the same. */
  readonly isTaken?: boolean;
}

/** A way to a receiver of OTLP over HTTP on which requests meet with what goes wrong in the world. */
export interface FaultyReceiver {
  readonly url: string;
  /** The paths of the requests so far. */
  readonly requests: readonly string[];
  /** @param behaviour - for all requests, or by their path */
  become(behaviour: Behaviour | ((path: string) => Behaviour)): void;
}

/** Starts one before a receiver, which takes everything until told otherwise. */
export async function startFaultyReceiver(target: string): Promise<FaultyReceiver> {
  let behaviour: Behaviour | ((path: string) => Behaviour) = "take";
  const requests: string[] = [];
  const server = createHttpServer((request, response) => {
    const path = request.url ?? "";
    requests.push(path);
    // What becomes of it is decided when it comes, not when all of it is there.
    answer(typeof behaviour === "function" ? behaviour(path) : behaviour, target, request, response);
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    become(next) {
      behaviour = next;
    },
  };
}

function answer(behaviour: Behaviour, target: string, request: IncomingMessage, response: ServerResponse): void {
  if (behaviour === "take") {
    const passed = passOn(target, request);
    passed.on("response", (real) => {
      response.writeHead(real.statusCode ?? 502, real.headers);
      real.pipe(response);
    });
    passed.on("error", () => response.destroy());
    return;
  }
  const { status, body = "", headers = {}, isTaken = false } = behaviour;
  if (isTaken) passOn(target, request).on("response", (real) => real.resume());
  else request.resume();
  request.on("end", () => response.writeHead(status, headers).end(body));
}

function passOn(target: string, request: IncomingMessage) {
  const { url, method, headers } = request;
  const passed = sendRequest(new URL(url ?? "/", target), { method, headers, agent: false });
  request.pipe(passed);
  return passed;
}

/** A way to a receiver, for any protocol over TCP, on which nothing moves until it is healed. */
export interface StallingWay {
  readonly url: string;
  /** Cuts what stands still; what connects from now on reaches the receiver. */
  heal(): void;
}

/** Starts one before a receiver. */
export async function startStallingWay(target: string): Promise<StallingWay> {
  const { hostname, port: targetPort } = new URL(target);
  const held = new Set<Socket>();
  let isHealed = false;
  const server = createServer((socket) => {
    held.add(socket);
    socket.on("close", () => held.delete(socket));
    socket.on("error", () => socket.destroy());
    if (!isHealed) {
      socket.resume();
      return;
    }
    const upstream = createConnection(Number(targetPort), hostname);
    upstream.on("error", () => socket.destroy());
    socket.on("close", () => upstream.destroy());
    upstream.on("close", () => socket.destroy());
    socket.pipe(upstream).pipe(socket);
  });
  const cut = (): void => {
    for (const socket of held) socket.destroy();
  };
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    heal() {
      isHealed = true;
      cut();
    },
  };
}
