import { type Fields, fields, list } from "../fields.ts";
import { freePort } from "../free-port.ts";
import { answers, type ReceiverProgram, startReceiver } from "./receiver-program.ts";

/** A Jaeger that keeps traces in its memory. */
export interface Jaeger extends ReceiverProgram {
  /** For OTLP over HTTP. */
  readonly http: string;
  /** For OTLP over gRPC. */
  readonly grpc: string;
  /**
   * Asks its query API for traces, such as `traces/<id>` or `traces?service=…`.
   *
   * @returns what it has; none if it knows no such trace
   */
  ask(path: string): Promise<Fields[]>;
  /** The services of which it has a trace. */
  services(): Promise<string[]>;
}

/** Starts a Jaeger on ports that are free, and waits until it answers. */
export async function startJaeger(executable: string): Promise<Jaeger> {
  const [http, grpc, query, ...others] = await ports(7);
  const [queryGrpc, admin, collectorHttp, collectorGrpc] = others;
  const flags = {
    "collector.otlp.http.host-port": local(http),
    "collector.otlp.grpc.host-port": local(grpc),
    "query.http-server.host-port": local(query),
    "query.grpc-server.host-port": local(queryGrpc),
    "admin.http.host-port": local(admin),
    "collector.http-server.host-port": local(collectorHttp),
    "collector.grpc-server.host-port": local(collectorGrpc),
  };
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  const api = `http://${local(query)}/api`;
  const running = await startReceiver(executable, args, () => answers(`${api}/services`));
  async function dataOf(path: string): Promise<unknown> {
    const response = await fetch(`${api}/${path}`);
    if (response.status === 404) return [];
    const { data, errors } = fields(await response.json());
    if (!response.ok) throw new Error(`${path}: ${JSON.stringify(errors)}`);
    return data;
  }
  return {
    ...running,
    http: `http://${local(http)}`,
    grpc: `http://${local(grpc)}`,
    ask: async (path) => list(await dataOf(path)),
    async services() {
      const names = await dataOf("services");
      return Array.isArray(names) ? names.map(String) : [];
    },
  };
}

async function ports(count: number): Promise<number[]> {
  const found = [];
  for (let i = 0; i < count; i++) found.push(await freePort());
  return found;
}

function local(port: number | undefined): string {
  return `127.0.0.1:${port}`;
}
