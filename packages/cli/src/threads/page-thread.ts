import { workerData } from "node:worker_threads";
import { startMapServer } from "@hivewatch/map-server";
import { openRunStore } from "@hivewatch/runs";
import { familiesOf } from "../health/families.ts";
import { type Point, point } from "../health/points.ts";
import { listenOnFreePort } from "../listen.ts";
import { whenAborted } from "../shutdown.ts";
import { runThread } from "./inside-thread.ts";

/** What the thread of the page is started with. */
export interface PageData {
  readonly runsDir: string;
  readonly host: string;
  readonly port: number;
  readonly allowHosts: readonly string[];
  readonly allowEmbed: readonly string[];
}

/** Where the page is. */
export interface PageReady {
  readonly url: string;
  readonly port: number;
}

const { runsDir, host, port, allowHosts, allowEmbed }: PageData = workerData;

await runThread<PageReady>(async ({ signal, onNews, onHealth, measure, say }, ready) => {
  const store = openRunStore({ dir: runsDir, onDiagnostic: say });
  onNews(store.tell);
  let points: readonly Point[] = [];
  onHealth((latest) => {
    points = latest;
  });
  const metrics = () => familiesOf(points);
  const start = (tried: number) =>
    startMapServer({ store, host, port: tried, allowHosts, allowEmbed, metrics, onDiagnostic: say });
  const server = await listenOnFreePort("the page", port, start, say);
  measure(() => [point("hivewatch.bridge.page.subscribers", server.subscribers)]);
  ready({ url: server.url, port: server.port });
  await whenAborted(signal);
  await server.close();
});
