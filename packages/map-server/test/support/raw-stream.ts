import { type IncomingMessage, request } from "node:http";
import { constants, createGunzip } from "node:zlib";
import { afterwards, until } from "@hivewatch/test-support";

/** A stream as it comes over the wire. */
export interface RawStream {
  readonly response: IncomingMessage;
  /** What has come so far, decompressed. */
  text(): string;
  /** Waits until a text has come. */
  has(text: string): Promise<void>;
}

/** @param headers - such as `Accept-Encoding` */
export async function readRaw(url: string, headers: Record<string, string> = {}): Promise<RawStream> {
  const asking = request(url, { headers, agent: false });
  afterwards(() => void asking.destroy());
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    asking.on("response", resolve);
    asking.on("error", reject);
    asking.end();
  });
  response.on("error", () => {});
  const chunks: Buffer[] = [];
  const isCompressed = response.headers["content-encoding"] === "gzip";
  const body = isCompressed ? response.pipe(createGunzip({ flush: constants.Z_SYNC_FLUSH })) : response;
  body.on("data", (chunk: Buffer) => chunks.push(chunk));
  // A stream is broken off, which a compressed one takes for an error.
  body.on("error", () => {});
  const text = (): string => Buffer.concat(chunks).toString();
  return {
    response,
    text,
    has: (wanted) => until(`${wanted} from ${url}`, () => text().includes(wanted)).then(() => undefined),
  };
}
