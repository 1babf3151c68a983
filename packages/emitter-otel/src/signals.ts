/** What is sent of a run. */
export type Signal = "metrics" | "traces" | "logs";

export const SIGNALS: readonly Signal[] = ["metrics", "traces", "logs"];

export type Protocol = "http/protobuf" | "http/json" | "grpc";

export const PROTOCOLS: readonly Protocol[] = ["http/protobuf", "http/json", "grpc"];
