import { workerData } from "node:worker_threads";
import { startBridge } from "@hivewatch/bridge";
import { type Durability, openRunStore } from "@hivewatch/runs";
import { startClientEmitters } from "../emitters/client-emitters.ts";
import { createHealthBoard } from "../health/health-board.ts";
import { ingestPoints } from "../health/ingest-points.ts";
import { listenOnFreePort } from "../listen.ts";
import { whenAborted } from "../shutdown.ts";
import { runThread } from "./inside-thread.ts";
import { startNewsSender } from "./news-sender.ts";

/** What the thread of the ingest is started with. */
export interface IngestData {
  readonly runsDir: string;
  readonly host: string;
  readonly port: number;
  readonly durability: Durability;
  /** The names of the emitters' cursors. */
  readonly readers: readonly string[];
  /** Whether the bridge runs emitters that programs declare. */
  readonly clientEmitters: boolean;
}

/** Where the bridge is. */
export interface IngestReady {
  /** `host:port` */
  readonly address: string;
  readonly port: number;
}

const { runsDir, host, port, durability, readers, clientEmitters: isAllowed }: IngestData = workerData;

await runThread<IngestReady>(async ({ signal, tellNews, measure, say }, ready) => {
  const store = openRunStore({ dir: runsDir, durability, readers, onDiagnostic: say });
  const sender = startNewsSender(store.subscribe, tellNews);
  const configured = new Set(readers);
  const health = createHealthBoard();
  const folder = process.cwd();
  const clientEmitters = startClientEmitters({ store, isAllowed, configured, folder, health, say });
  const { notices } = clientEmitters;
  const start = (tried: number) => startBridge({ store, host, port: tried, notices, onDiagnostic: say });
  const bridge = await listenOnFreePort("the bridge", port, start, say);
  // The threads of the emitters that programs declare are started by this one, which speaks for them.
  measure(() => [...ingestPoints(bridge.health()), ...health.points()]);
  await clientEmitters.resume();
  ready({ address: bridge.address, port: bridge.port });
  await whenAborted(signal);
  await bridge.close();
  sender.flush();
  await clientEmitters.close();
});
