export { type BridgeEmitterOptions, bridgeEmitter } from "./bridge-emitter.ts";
export type { BatchOutcome, IngestFigures } from "./ingest-counts.ts";
export type { Notice, RunNotices } from "./notices.ts";
export type { OpenLogs } from "./run-sessions.ts";
export { type Bridge, type BridgeHealth, type BridgeOptions, startBridge } from "./server.ts";
export { type WaitForBridgeOptions, waitForBridge } from "./wait-for-bridge.ts";
