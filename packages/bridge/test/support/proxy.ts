import { createConnection, createServer, type Socket } from "node:net";
import { listen } from "@hivewatch/test-support";
import { onTestFinished } from "vitest";

/** A way to a server that can fall silent, as when a machine or a network is gone: no bytes, and no end either. */
export interface Proxy {
  readonly address: string;
  /** How many connections the server holds. */
  readonly connections: number;
  /** Connections that are there by then stay silent for ever. */
  fallSilent(): void;
  /** Lets new connections through. */
  speak(): void;
}

export async function startProxy(port: number): Promise<Proxy> {
  const servers = new Set<Socket>();
  const sockets = new Set<Socket>();
  const fallingSilent: (() => void)[] = [];
  let silent = false;
  const proxy = createServer({ allowHalfOpen: true }, (client) => {
    let isDead = silent;
    fallingSilent.push(() => {
      isDead = true;
    });
    const server = createConnection({ port, host: "127.0.0.1", allowHalfOpen: true });
    servers.add(server);
    for (const socket of [client, server]) sockets.add(socket.on("error", () => undefined));
    client.on("data", (bytes) => isDead || server.write(bytes));
    server.on("data", (bytes) => isDead || client.write(bytes));
    server.on("close", () => servers.delete(server));
    server.on("end", () => servers.delete(server));
  });
  const ownPort = await listen(proxy);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  return {
    address: `127.0.0.1:${ownPort}`,
    get connections() {
      return servers.size;
    },
    fallSilent() {
      silent = true;
      for (const fall of fallingSilent) fall();
    },
    speak() {
      silent = false;
    },
  };
}
