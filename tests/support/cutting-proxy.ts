import { createConnection, createServer, type Socket } from "node:net";
import { afterwards, listen, type Random } from "@hivewatch/test-support";

/** A way to a server on which connections are cut. */
export interface CuttingProxy {
  readonly url: string;
  /** How many connections it has cut. */
  readonly cuts: number;
  /** How many there were at once, at most. */
  readonly most: number;
  /** From now on it cuts none. */
  heal(): void;
}

/**
 * Starts a proxy of TCP that cuts connections at random: before the server has the request, after it has it and before its
 * answer is known, or in the middle of the answer.
 *
 * @param oneIn - one in so many pieces of data that come by
 */
export async function startCuttingProxy(url: string, random: Random, oneIn: number): Promise<CuttingProxy> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  let cuts = 0;
  let [open, most] = [0, 0];
  let isHealed = false;

  function pass(from: Socket, to: Socket): void {
    from.on("data", (data) => {
      if (isHealed || random.below(oneIn) > 0) {
        to.write(data);
        return;
      }
      cuts++;
      // In half of the cases the other side has still got it.
      if (random.below(2) === 0) to.write(data, () => cut(from, to));
      else cut(from, to);
    });
    from.on("close", () => to.end());
    from.on("error", () => to.destroy());
  }

  function cut(from: Socket, to: Socket): void {
    from.destroy();
    to.end();
  }

  const server = createServer((client) => {
    most = Math.max(most, ++open);
    client.on("close", () => open--);
    const upstream = createConnection(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    }
    pass(client, upstream);
    pass(upstream, client);
  });
  afterwards(() => {
    for (const socket of sockets) socket.destroy();
  });
  const ownPort = await listen(server);
  return {
    url: `http://127.0.0.1:${ownPort}`,
    get cuts() {
      return cuts;
    },
    get most() {
      return most;
    },
    heal() {
      isHealed = true;
    },
  };
}
