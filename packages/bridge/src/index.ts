export { type BridgeEmitterOptions, bridgeEmitter } from "./bridge-emitter.ts";
export type { Notice, RunNotices } from "./notices.ts";
export { type Bridge, type BridgeOptions, startBridge } from "./server.ts";
export { type WaitForBridgeOptions, waitForBridge } from "./wait-for-bridge.ts";
