export { afterwards } from "./afterwards.ts";
export { type Certificate, newCertificate } from "./certificate.ts";
export { type EventStream, type Frame, readStream } from "./event-stream.ts";
export { type Fields, fields, list } from "./fields.ts";
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
export { parseMetrics, type Sample, type SampleFamily, sampleOf } from "./metrics.ts";
export { type Exit, type Program, type ProgramOptions, runProgram, startProgram } from "./program.ts";
export { newSeed, type Random, randomFrom } from "./random.ts";
export { inRepository } from "./repository.ts";
export { isSoak, soak } from "./soak.ts";
export { type SyntheticRunOptions, syntheticRun } from "./synthetic-run.ts";
export { temporaryFolder } from "./temporary-folder.ts";
export { eventually, until } from "./until.ts";
