import type { DescFile } from "@bufbuild/protobuf";
import { create, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { loadFileDescriptorSetFromBuffer, type PackageDefinition } from "@grpc/proto-loader";
import { file_hivewatch_v1_ingest } from "./gen/hivewatch/v1/ingest_pb.ts";

/** The services as the reflection service tells them, made from the generated code so that no .proto file is needed. */
export function ingestDescriptors(): PackageDefinition {
  const set = create(FileDescriptorSetSchema, {
    file: withImports(file_hivewatch_v1_ingest).map((file) => file.proto),
  });
  return loadFileDescriptorSetFromBuffer(Buffer.from(toBinary(FileDescriptorSetSchema, set)));
}

function withImports(file: DescFile): DescFile[] {
  return [...file.dependencies.flatMap(withImports), file];
}
