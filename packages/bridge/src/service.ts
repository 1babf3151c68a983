import type { MethodDefinition } from "@grpc/grpc-js";
import { Ingest } from "./gen/hivewatch/v1/ingest_pb.ts";

/**
 * Messages cross gRPC as bytes: an error inside gRPC's own decoding would end the whole stream, and could not say which
 * batch it was about.
 */
type BytesMethod = MethodDefinition<Buffer, Buffer>;

const asBytes = (message: Uint8Array): Buffer => Buffer.from(message.buffer, message.byteOffset, message.byteLength);

function bytesMethod(name: string, stream: boolean): BytesMethod {
  return {
    path: `/${Ingest.typeName}/${name}`,
    requestStream: stream,
    responseStream: stream,
    requestSerialize: asBytes,
    requestDeserialize: asBytes,
    responseSerialize: asBytes,
    responseDeserialize: asBytes,
  };
}

/** The ingest service as gRPC wants it described. */
export const ingestService: { readonly Publish: BytesMethod; readonly PublishOne: BytesMethod } = {
  Publish: bytesMethod(Ingest.method.publish.name, true),
  PublishOne: bytesMethod(Ingest.method.publishOne.name, false),
};

/** The service's full name, as health checks ask for it. */
export const INGEST_SERVICE_NAME: string = Ingest.typeName;
