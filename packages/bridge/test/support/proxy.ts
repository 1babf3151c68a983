import { createConnection, createServer, type Socket } from "node:net";
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
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  const address = proxy.address();
  if (typeof address !== "object" || address === null) throw new Error("the proxy has no port");
  return {
    address: `127.0.0.1:${address.port}`,
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
