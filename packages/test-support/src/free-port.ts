import { once } from "node:events";
import { createServer } from "node:net";
import { bind } from "./listen.ts";

/** A port that nobody listens on, for a program that can't be told to choose one itself. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await bind(server);
  server.close();
  await once(server, "close");
  return port;
}
