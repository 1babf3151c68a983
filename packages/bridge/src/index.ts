export { type BridgeEmitterOptions, bridgeEmitter } from "./bridge-emitter.ts";
export { type Bridge, type BridgeOptions, startBridge } from "./server.ts";
