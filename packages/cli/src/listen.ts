import { HiveWatchError } from "@hivewatch/core";

/** How many ports are tried. */
const MAX_TRIES = 20;

/**
 * Starts a server on a port, or on the next one that is free.
 *
 * @param start - starts it on a given port; throws HiveWatchError `unavailable` if that is taken
 * @param say - told if it became another port
 */
export async function listenOnFreePort<Server extends { port: number }>(
  what: string,
  port: number,
  start: (port: number) => Promise<Server>,
  say: (message: string) => void,
): Promise<Server> {
  for (let tried = port; ; tried++) {
    try {
      const server = await start(tried);
      if (port !== 0 && server.port !== port) say(`Port ${port} is taken: ${what} uses ${server.port}.`);
      return server;
    } catch (error) {
      const taken = HiveWatchError.is(error) && error.code === "unavailable" && /EADDRINUSE/.test(error.message);
      if (!taken || tried >= Math.min(port + MAX_TRIES, 65_535)) throw error;
    }
  }
}
