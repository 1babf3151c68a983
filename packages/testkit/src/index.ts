export { type EmitterSuiteOptions, emitterSuite, type TestFunctions } from "./emitter-suite.ts";
export { ODD_RUNS } from "./odd-runs.ts";
export { RECORDED_STREAMS, recordedStream, type StreamName } from "./recorded-stream.ts";
