export { type EmitterSuiteOptions, emitterSuite, type TestFunctions } from "./emitter-suite.ts";
export { RECORDED_STREAMS, recordedStream, type StreamName } from "./recorded-stream.ts";
