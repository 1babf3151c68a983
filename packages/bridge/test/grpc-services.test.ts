import { fromBinary } from "@bufbuild/protobuf";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import type { Client } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { callUnary, connect } from "./support/raw-client.ts";
import { startTestBridge } from "./support/test-bridge.ts";

const SERVING = 1;

test.each(["", "hivewatch.v1.Ingest"])("the health of %j is SERVING", async (service) => {
  const { bridge } = await startTestBridge();
  const request = new BinaryWriter().tag(1, WireType.LengthDelimited).string(service).finish();
  const answer = await callUnary(connect(bridge.address), "/grpc.health.v1.Health/Check", Buffer.from(request));
  const reader = new BinaryReader(answer);
  expect([reader.tag(), reader.uint32()]).toEqual([[1, WireType.Varint], SERVING]);
});

test("the health of a service that isn't there is not known", async () => {
  const { bridge } = await startTestBridge();
  const request = new BinaryWriter().tag(1, WireType.LengthDelimited).string("other").finish();
  const asking = callUnary(connect(bridge.address), "/grpc.health.v1.Health/Check", Buffer.from(request));
  await expect(asking).rejects.toThrow("NOT_FOUND");
});

/** Asks the reflection service one question, and returns the bytes of one field of its answer. */
function reflect(
  client: Client,
  version: string,
  question: number,
  value: string,
  answer: number,
): Promise<Uint8Array> {
  const same = (bytes: Buffer): Buffer => bytes;
  const call = client.makeBidiStreamRequest(
    `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
    same,
    same,
  );
  call.write(Buffer.from(new BinaryWriter().tag(question, WireType.LengthDelimited).string(value).finish()));
  return new Promise((resolve, reject) => {
    call.on("error", reject);
    call.on("data", (message: Buffer) => {
      call.end();
      const [field] = fieldsOf(message, answer);
      if (field === undefined) reject(new Error(`no such answer: ${message.toString("latin1")}`));
      else resolve(field);
    });
  });
}

function fieldsOf(message: Uint8Array, wanted: number): Uint8Array[] {
  const reader = new BinaryReader(message);
  const found: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (number === wanted) found.push(reader.bytes());
    else reader.skip(type);
  }
  return found;
}

test.each(["v1", "v1alpha"])("reflection %s lists the service, and has what it is made of", async (version) => {
  const { bridge } = await startTestBridge();
  const client = connect(bridge.address);
  const listed = await reflect(client, version, 7, "*", 6);
  const services = fieldsOf(listed, 1).flatMap((service) =>
    fieldsOf(service, 1).map((name) => Buffer.from(name).toString()),
  );
  expect(services).toContain("hivewatch.v1.Ingest");
  const files = fieldsOf(await reflect(client, version, 4, "hivewatch.v1.Ingest", 4), 1).map((bytes) =>
    fromBinary(FileDescriptorProtoSchema, bytes),
  );
  const messages = files.flatMap((file) => file.messageType.map((message) => message.name));
  expect(messages.sort()).toEqual(["Ack", "Batch", "Column", "Columns", "Notice", "Refusal", "Rows"]);
  const [service] = files.flatMap((file) => file.service);
  expect(service?.method.map((method) => method.name)).toEqual(["Publish", "PublishOne"]);
});
