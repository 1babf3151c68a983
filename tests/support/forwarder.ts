import { createServer, request as httpRequest, type IncomingMessage } from "node:http";
import { afterwards, listen } from "@hivewatch/test-support";

/**
 * Starts what stands before a server: a gate, or a slow way.
 *
 * @param admit - what a request is answered instead, a status; undefined: it is handed on
 * @returns its address
 */
export async function startForwarder(
  url: string,
  admit: (request: IncomingMessage) => number | undefined | Promise<undefined>,
): Promise<string> {
  const server = createServer(async (incoming, response) => {
    const { method, headers } = incoming;
    const status = await admit(incoming);
    if (status !== undefined) {
      response.writeHead(status).end();
      return;
    }
    const onward = httpRequest(new URL(incoming.url ?? "", url), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    incoming.pipe(onward);
  });
  afterwards(() => server.closeAllConnections());
  return `http://127.0.0.1:${await listen(server)}`;
}
