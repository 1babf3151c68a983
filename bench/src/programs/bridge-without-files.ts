// The real bridge over the real log, which writes no files behind it: the way of a batch from the wire to the disk alone.
import { startBridge } from "@hivewatch/bridge";
import { openRunStore } from "@hivewatch/runs";

const [dir = "."] = process.argv.slice(2);
const store = openRunStore({ dir });
const bridge = await startBridge({ store, port: 0, onDiagnostic: console.error });
console.log(JSON.stringify({ event: "ready", grpc: bridge.address }));
