export { afterwards } from "./afterwards.ts";
export { type Certificate, newCertificate } from "./certificate.ts";
export { type EventStream, type Frame, readStream } from "./event-stream.ts";
export { type Fields, fields, list } from "./fields.ts";
export { freePort } from "./free-port.ts";
export {
  type Addresses,
  addressesOf,
  type Ended,
  type Hivewatch,
  runCommand,
  startCommand,
  startHivewatch,
  startMap,
  type UpOptions,
} from "./hivewatch.ts";
export { listen } from "./listen.ts";
export { parseMetrics, type Sample, type SampleFamily, sampleOf } from "./metrics.ts";
export { type Exit, type Program, type ProgramOptions, runProgram, startProgram } from "./program.ts";
export { newSeed, type Random, randomFrom } from "./random.ts";
export { type Collector, type CollectorOptions, startCollector } from "./receivers/collector.ts";
export { findReceiver, needReceiver, type ReceiverName } from "./receivers/find-receiver.ts";
export { type GrpcAnswer, type GrpcCall, type GrpcReceiver, startGrpcReceiver } from "./receivers/grpc-receiver.ts";
export { type Jaeger, startJaeger } from "./receivers/jaeger.ts";
export type {
  Attributes,
  OtlpContent,
  OtlpHistogram,
  OtlpLogRecord,
  OtlpPoint,
  OtlpSpan,
} from "./receivers/otlp-content.ts";
export {
  type Prometheus,
  type PrometheusPoint,
  type PrometheusRange,
  type PrometheusSeries,
  startPrometheus,
} from "./receivers/prometheus.ts";
export { answers, type ReceiverProgram, startReceiver } from "./receivers/receiver-program.ts";
export { inRepository } from "./repository.ts";
export { isSoak, soak } from "./soak.ts";
export { type SyntheticRunOptions, syntheticRun } from "./synthetic-run.ts";
export { temporaryFolder } from "./temporary-folder.ts";
export { eventually, until } from "./until.ts";
