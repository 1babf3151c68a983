import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import { errorMessage, HiveWatchError } from "@hivewatch/core";
import type { RunStore } from "@hivewatch/runs";
import { HealthImplementation } from "grpc-health-check";
import { ingestDescriptors } from "./descriptors.ts";
import { createIngest, encodeAck, type Ingest } from "./ingest.ts";
import { createIngestCounts, type IngestFigures } from "./ingest-counts.ts";
import { KEEPALIVE_MS, MAX_MESSAGE_BYTES } from "./limits.ts";
import type { RunNotices } from "./notices.ts";
import { type PublishStream, servePublish } from "./publish-stream.ts";
import { widenConnections, widenStreams } from "./receive-window.ts";
import { createRunSessions, type OpenLogs } from "./run-sessions.ts";
import { INGEST_SERVICE_NAME, ingestService } from "./service.ts";

/** How long a closing bridge waits for senders to read their answers and end their connections. */
const SHUTDOWN_MS = 2000;

export interface BridgeOptions {
  /** Where runs are kept. */
  store: RunStore;
  /** Default `127.0.0.1`. */
  host?: string | undefined;
  /** 0: the system chooses. Default 7071. */
  port?: number | undefined;
  /** What programs are told with the answers. Default: nothing. */
  notices?: RunNotices | undefined;
  /** Told what went wrong in the background. */
  onDiagnostic?: ((message: string) => void) | undefined;
}

/** How a bridge is doing. */
export interface BridgeHealth extends IngestFigures {
  /** `Publish` streams that are open. */
  readonly streams: number;
  readonly logs: OpenLogs;
}

/** A bridge that listens. */
export interface Bridge {
  /** `host:port`, for clients. */
  readonly address: string;
  readonly port: number;
  /** What it has taken in since it was started, and what is under way. */
  health(): BridgeHealth;
  /** Acknowledges what was received, closes the logs, and stops. */
  close(): Promise<void>;
}

/**
 * Starts the gRPC server that takes events from FL servers into run logs. It does nothing else: `keepArtifacts` of
 * `@hivewatch/runs` writes the files behind the logs, on the same store or in another thread.
 *
 * @param keepaliveMs - a connection that has been silent for so long, and then for as long again although it was asked
 *   whether anybody is there, is closed: machines vanish without a word
 * @throws HiveWatchError `unavailable` if the address can't be listened on
 */
export async function startBridge(options: BridgeOptions, keepaliveMs: number = KEEPALIVE_MS): Promise<Bridge> {
  const { store, host = "127.0.0.1", port = 7071, onDiagnostic = () => {} } = options;
  const sessions = createRunSessions(store, onDiagnostic);
  const counts = createIngestCounts();
  const ingest = createIngest(sessions, options.notices, counts);
  const streams = new Set<PublishStream>();
  const server = new Server({
    "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
    "grpc.keepalive_time_ms": keepaliveMs,
    "grpc.keepalive_timeout_ms": keepaliveMs,
  });
  server.addService(ingestService, {
    Publish: (call: Parameters<typeof servePublish>[0]) => {
      const stream = servePublish(call, ingest, () => streams.delete(stream));
      streams.add(stream);
    },
    PublishOne: publishOne(ingest),
  });
  const health = new HealthImplementation({ "": "SERVING", [INGEST_SERVICE_NAME]: "SERVING" });
  health.addToServer(server);
  new ReflectionService(ingestDescriptors()).addToServer(server);
  const bound = await bind(server, host, port);

  return {
    address: `${host.includes(":") ? `[${host}]` : host}:${bound}`,
    port: bound,
    health: () => ({ ...counts.figures(), streams: streams.size, logs: sessions.count() }),
    async close() {
      health.setStatus("", "NOT_SERVING");
      health.setStatus(INGEST_SERVICE_NAME, "NOT_SERVING");
      const answered = Promise.all([...streams].map((stream) => stream.close()));
      await shutdown(server, answered);
      await sessions.close();
    },
  };
}

function publishOne(ingest: Ingest) {
  return (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): void => {
    ingest(call.request, 0).then((ack) => callback(null, encodeAck(ack)), callback);
  };
}

function bind(server: Server, host: string, port: number): Promise<number> {
  const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return new Promise((resolve, reject) => {
    widenStreams(server);
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) {
        widenConnections(server);
        return resolve(bound);
      }
      const message = `can't listen on ${address}: ${errorMessage(error)}`;
      reject(new HiveWatchError("unavailable", message, { cause: error }));
    });
  });
}

function shutdown(server: Server, answered: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, SHUTDOWN_MS);
    void answered.then(() =>
      server.tryShutdown(() => {
        clearTimeout(timer);
        resolve();
      }),
    );
  });
}
