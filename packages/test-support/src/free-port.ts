import { once } from "node:events";
import { createServer } from "node:net";
import { bind } from "./listen.ts";

const given = new Set<number>();

/** A port that nobody listens on, for a program that can't be told to choose one itself; another one each time. */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer();
    const port = await bind(server);
    server.close();
    await once(server, "close");
    if (given.has(port)) continue;
    given.add(port);
    return port;
  }
}
