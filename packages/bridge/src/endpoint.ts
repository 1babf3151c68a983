/** `host:port` of the bridge to talk to: the one that is named, else `HIVEWATCH_ENDPOINT`, else `127.0.0.1:7071`. */
export function endpointOf(named: string | undefined): string {
  return named ?? process.env.HIVEWATCH_ENDPOINT ?? "127.0.0.1:7071";
}
