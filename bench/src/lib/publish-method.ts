import type { MethodDefinition } from "@grpc/grpc-js";

const same = (bytes: Buffer): Buffer => bytes;

/** `Ingest.Publish` with its messages as bytes. */
export const PUBLISH: MethodDefinition<Buffer, Buffer> = {
  path: "/hivewatch.v1.Ingest/Publish",
  requestStream: true,
  responseStream: true,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
};
