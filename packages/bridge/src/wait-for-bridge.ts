import { Client, credentials } from "@grpc/grpc-js";
import { HiveWatchError } from "@hivewatch/core";
import { endpointOf } from "./endpoint.ts";

export interface WaitForBridgeOptions {
  /** `host:port` of the bridge. Default: `HIVEWATCH_ENDPOINT`, else `127.0.0.1:7071`. */
  endpoint?: string | undefined;
  /** How long to wait. Default 5,000 ms. */
  timeoutMs?: number | undefined;
}

/**
 * Waits until a bridge can be reached, for programs that had rather not begin without one.
 *
 * @throws HiveWatchError `unavailable`
 */
export function waitForBridge({ endpoint, timeoutMs = 5000 }: WaitForBridgeOptions = {}): Promise<void> {
  const address = endpointOf(endpoint);
  const client = new Client(address, credentials.createInsecure());
  return new Promise<void>((resolve, reject) => {
    client.waitForReady(Date.now() + timeoutMs, (cause) => {
      if (cause === undefined) return resolve();
      const message = `there is no bridge at ${address}: start one with \`hivewatch up\`, or name another with HIVEWATCH_ENDPOINT`;
      reject(new HiveWatchError("unavailable", message, { cause }));
    });
  }).finally(() => client.close());
}
