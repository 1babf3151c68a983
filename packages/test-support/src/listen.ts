import { once } from "node:events";
import type { Server, Socket } from "node:net";
import { afterwards } from "./afterwards.ts";

/**
 * Has a server listen on this machine alone, and ends it afterwards with all connections to it.
 *
 * @returns its port, which the system chooses
 */
export async function listen(server: Server): Promise<number> {
  const connections = new Set<Socket>();
  server.on("connection", (socket) => {
    connections.add(socket);
    socket.on("close", () => connections.delete(socket));
  });
  afterwards(() => {
    server.close();
    for (const connection of connections) connection.destroy();
  });
  return bind(server);
}

/** Has a server listen on this machine alone. */
export async function bind(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("a TCP server has a port");
  return address.port;
}
