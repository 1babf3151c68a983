import { appendFile, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { freePort } from "../free-port.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { type OtlpContent, readOtlpLines } from "./otlp-content.ts";
import { answers, type ReceiverProgram, startReceiver } from "./receiver-program.ts";

/** An OpenTelemetry collector that writes what it takes to a file. */
export interface Collector extends ReceiverProgram {
  /** For OTLP over HTTP: `http://127.0.0.1:…`, or https, to which exporters append `/v1/metrics` and so on. */
  readonly http: string;
  /** For OTLP over gRPC: `http://127.0.0.1:…`, or https. */
  readonly grpc: string;
  /** What it and those before it on the same file have taken, in the order in which it came. */
  received(): Promise<OtlpContent>;
  /** Starts another one on the same ports and the same file, once this one has ended. */
  restart(): Promise<Collector>;
}

export interface CollectorOptions {
  /** Messages above this are refused. Default: the collector's own, 4 MiB for gRPC and 20 MiB for HTTP. */
  readonly maxMessageMiB?: number | undefined;
  /** The files of its certificate and key: it speaks TLS alone; of whose certificates it takes requests: anybody's. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa?: string } | undefined;
}

interface Place {
  readonly folder: string;
  readonly httpPort: number;
  readonly grpcPort: number;
}

/** Starts a collector on ports that are free, and waits until it answers on both. */
export async function startCollector(executable: string, options: CollectorOptions = {}): Promise<Collector> {
  const place = { folder: await temporaryFolder(), httpPort: await freePort(), grpcPort: await freePort() };
  await appendFile(fileIn(place), "");
  return startAt(place, executable, options);
}

async function startAt(place: Place, executable: string, options: CollectorOptions): Promise<Collector> {
  const config = join(place.folder, "collector.yaml");
  await writeFile(config, JSON.stringify(configOf(place, options), undefined, 2));
  const scheme = options.tls === undefined ? "http" : "https";
  const http = `${scheme}://127.0.0.1:${place.httpPort}`;
  // An empty request is a good one, and leaves nothing in the file.
  const empty = { method: "POST", headers: { "content-type": "application/json", connection: "close" }, body: "{}" };
  const isHttpUp = () => (options.tls === undefined ? answers(`${http}/v1/metrics`, empty) : listens(place.httpPort));
  const isUp = async () => (await isHttpUp()) && (await listens(place.grpcPort));
  const running = await startReceiver(executable, ["--config", `file:${config}`], isUp);
  return {
    ...running,
    http,
    grpc: `${scheme}://127.0.0.1:${place.grpcPort}`,
    received: async () => readOtlpLines(await readFile(fileIn(place), "utf8")),
    restart: () => startAt(place, executable, options),
  };
}

function fileIn({ folder }: Place): string {
  return join(folder, "received.jsonl");
}

function configOf(place: Place, { maxMessageMiB, tls }: CollectorOptions) {
  const secure = tls && { tls: { cert_file: tls.cert, key_file: tls.key, client_ca_file: tls.clientCa } };
  const grpc = { endpoint: `127.0.0.1:${place.grpcPort}`, ...secure };
  const http = { endpoint: `127.0.0.1:${place.httpPort}`, ...secure };
  const limited = maxMessageMiB !== undefined;
  const pipeline = { receivers: ["otlp"], exporters: ["file"] };
  return {
    receivers: {
      otlp: {
        protocols: {
          grpc: limited ? { ...grpc, max_recv_msg_size_mib: maxMessageMiB } : grpc,
          http: limited ? { ...http, max_request_body_size: maxMessageMiB * 2 ** 20 } : http,
        },
      },
    },
    exporters: { file: { path: fileIn(place), append: true, flush_interval: "20ms" } },
    service: {
      telemetry: { metrics: { level: "none" } },
      pipelines: { metrics: pipeline, traces: pipeline, logs: pipeline },
    },
  };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
